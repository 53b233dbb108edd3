package demo_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
)

// TestKeptDemoHasSomethingOfEverything asks a kept demo for one row of each list that its console has.
func TestKeptDemoHasSomethingOfEverything(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	kept, ended, out := make(chan demo.Kept, 1), make(chan error, 1), &e2e.LogBuffer{}
	go func() {
		ended <- demo.Run(ctx, demo.Options{Seed: 1, Out: out, Keep: true, Samples: true, Within: 5 * time.Minute, Kept: func(k demo.Kept) { kept <- k }})
	}()
	select {
	case err := <-ended:
		t.Fatalf("the demo ended: %v\n%s", err, out)
	case k := <-kept:
		api := &e2e.Client{URL: func() string { return k.URL }, Token: k.AdminToken}
		for _, list := range []string{
			"calls?status=CANCELED", "calls?minAttempt=2", "calls?claims=rejected", "calls?status=NO_ANSWER", "contacts?state=WAITING", "do-not-call", "stops", "runs?state=failed",
			"webhooks?outcome=conflict", "rejections",
		} {
			e2etest.Within(t, time.Minute, func() error { // a rejection is written down after it is answered
				var found struct{ Items []struct{} }
				if err := api.Get(t.Context(), "/api/"+list, &found); err != nil || len(found.Items) > 0 {
					return err
				}
				return errors.New(list + " is empty")
			})
		}
		var overdue struct{ Items []struct{ What string } }
		if err := api.Get(t.Context(), "/api/overdue", &overdue); err != nil {
			t.Fatal(err)
		}
		if len(overdue.Items) != 1 || overdue.Items[0].What != "run:extract-claims" {
			t.Errorf("%v is overdue, want the dead run alone", overdue.Items)
		}
	}
	stop()
	<-ended // what is too slow on a busy machine is not the matter here
}
