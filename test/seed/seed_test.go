package seed

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/verify"
	"github.com/i-agent/iagent/internal/webhook"
)

func TestVerifyFindsNothingWrongWithSeededCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		seed := Seed{Calls: 600, Days: 2, Live: 5, Now: time.Now()}
		made, err := seed.Make(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		report, err := verify.Run(t.Context(), verify.Config{Store: s, Decide: webhook.New(webhook.Config{}).Decide})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range report.Violations {
			if i < 50 {
				t.Errorf("%+v", v)
			}
		}
		c := report.Counts
		if c.Calls != made.Calls || c.Accepted != made.Events || c.OpenCalls != seed.Live || report.Replayed != c.Calls || c.OpenRuns > 0 || c.DeadRuns == 0 || c.Failed == 0 {
			t.Errorf("%+v, %d replayed, made were %+v", c, report.Replayed, made)
		}
		if c.Claims < made.Calls/2 {
			t.Errorf("%d claims of %d calls", c.Claims, made.Calls)
		}
		if want := 600 * EventsPerCall(); float64(made.Events) < 0.9*want || float64(made.Events) > 1.1*want {
			t.Errorf("%d events, about %.0f were wanted", made.Events, want)
		}
		// The program goes on with it: nothing is due, and nobody is asked about.
		done, err := store.NewDispatcher(s).Pass(t.Context())
		if err != nil || done.Settled+done.Queued+done.Waiting+done.Ended > 0 {
			t.Errorf("%+v, %v", done, err)
		}
	})
}

func TestCopyOfACallNeverHasTheIDOfTheCall(t *testing.T) {
	call := &template{}
	for number := 1; number < 100_000; number += 997 {
		id := "01KB0000AB" + base32Of(number) + "0123456789A"
		if copied := call.renamed(id, number); copied == id || len(copied) != len(id) {
			t.Errorf("call %d: the copy of %s is %s", number, id, copied)
		}
	}
}
