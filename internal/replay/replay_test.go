package replay_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/replay"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// Ctrl-C ends a run between two events; the next run does the rest, and nothing twice.
func TestStoppedReplaySaysHowFarItCameAndGoesOnLater(t *testing.T) {
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		campaign, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "n", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
		if err != nil {
			t.Fatal(err)
		}
		var calls []interview.Call
		_, err = s.CreateCalls(t.Context(), store.NewCalls{CampaignID: campaign.ID, PhoneNumbers: []string{"+15550000001", "+15550000002"},
			Answer: func(made []interview.Call) (store.Answer, error) {
				calls = made
				return store.Answer{Body: []byte("{}")}, nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		broken := true
		var decided atomic.Int32
		p := store.NewProcessor(s, func(call interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
			if broken {
				return interview.Change{}, inbox.Reply{}, errors.New("broken")
			}
			decided.Add(1)
			return interview.Change{Call: call}, inbox.Reply{Status: 200, Body: []byte("{}")}, call.Bind(e.AccountSid, e.CallSid)
		})
		for n := range 20 {
			call := calls[n/19].ID // 19 of one call
			e := &inbox.Event{ID: fmt.Sprint("e", n), Kind: "status", Subject: call, CallSid: "CA" + call, Target: "/x?callId=" + call, Body: []byte("a=1"), ReceivedAt: time.Now()}
			if _, err := p.Process(t.Context(), e); err == nil {
				t.Fatal("not broken")
			}
		}
		broken = false
		find := func() []store.Replayable {
			list, _, err := replay.Find(t.Context(), s, replay.Selection{Limit: 100, Filter: store.ReplayFilter{Outcome: inbox.Failed, Unsettled: true}})
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		how := replay.Config{Store: s, Processor: p}
		ctx, stop := context.WithCancel(t.Context())
		var report replay.Report
		err = how.Run(ctx, find(), func(row replay.Row) {
			if report.Add(row); row.Verdict == replay.Verdict(inbox.Accepted) && report.Counts[row.Verdict] == 5 {
				stop()
			}
		})
		done := report.Counts[replay.Verdict(inbox.Accepted)]
		if err != nil || done < 5 || done > 6 || report.Counts[replay.Stopped] != 20-done || len(find()) != 20-done {
			t.Fatalf("%+v, %v; %d are left", report.Counts, err, len(find()))
		}
		var rest replay.Report
		if err := how.Run(t.Context(), find(), rest.Add); err != nil || rest.Counts[replay.Verdict(inbox.Accepted)] != 20-done || decided.Load() != 20 {
			t.Errorf("%+v, %v; decided %d times", rest.Counts, err, decided.Load())
		}
		if len(find()) != 0 || rest.Summary() == "" {
			t.Errorf("%d are left", len(find()))
		}
		if list, more, err := replay.Find(t.Context(), s, replay.Selection{Limit: 7, Filter: store.ReplayFilter{Outcome: inbox.Accepted}}); len(list) != 7 || !more || err != nil {
			t.Errorf("bounded: %d, %v, %v", len(list), more, err)
		}
		if _, _, err := replay.Find(t.Context(), s, replay.Selection{IDs: []string{"nothing"}}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
	})
}
