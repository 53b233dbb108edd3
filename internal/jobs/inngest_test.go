package jobs_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/testserver/inngest"
)

func TestEventsOnInngestHaveTheLedgersIDsAndOrder(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		r := open(t, url).run(func(context.Context, interview.Run) error { return nil }, &inngest.Config{})
		calls := r.enqueue(5)
		r.until("five runs complete", func() bool {
			done := 0
			for _, run := range r.called() {
				if run.State == inngest.Completed {
					done++
				}
			}
			return done == 5
		})
		var ids []string
		for _, e := range r.events() {
			ids = append(ids, e.ID)
			if e.Name != "call/orchestrate" || e.Data["callId"] == nil || e.Data["runId"] == nil || e.Data["resends"] != 0. || len(e.Data) != 3 {
				t.Errorf("%+v", e)
			}
		}
		for i := range calls {
			calls[i] = "orchestrate-call:" + calls[i]
		}
		if !slices.Equal(ids, calls) {
			t.Errorf("events %v, want in this order %v", ids, calls)
		}
	})
}

func TestRunOnInngestIsTriedAsOftenAsTheLedgerAllows(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		var calls atomic.Int32
		r := open(t, url).run(func(context.Context, interview.Run) error {
			calls.Add(1)
			return errors.New("no luck with +15550000000")
		}, &inngest.Config{})
		r.enqueue(1)
		for attempt := 1; attempt < jobs.MaxAttempts; attempt++ {
			r.untilFailed(attempt)
			if run := r.only(); run.NotBefore == nil {
				t.Errorf("no pause after attempt %d", attempt)
			}
			r.clock.Advance(jobs.Backoff(attempt))
		}
		dead := r.untilState(interview.RunFailed)
		r.until("Inngest has given up", func() bool { return r.called()[0].State == inngest.Failed })
		runs := r.called()
		if calls.Load() != 4 || dead.Attempts != 4 || len(runs) != 1 || runs[0].Calls != 4 {
			t.Errorf("%d calls: %+v, %+v", calls.Load(), dead, runs)
		}
		if strings.Contains(runs[0].Output, "1555") {
			t.Errorf("Inngest was told what is nobody's business: %s", runs[0].Output)
		}
		// Retried by hand, it is called by another event.
		if _, err := r.store.RetryRun(t.Context(), dead.ID); err != nil {
			t.Fatal(err)
		}
		r.until("the retry is called", func() bool { return calls.Load() == 5 })
		if events := r.events(); len(events) != 2 || events[1].ID != events[0].ID+":1" {
			t.Errorf("%+v", events)
		}
	})
}

func TestPermanentErrorIsNotRetriedByInngest(t *testing.T) {
	t.Parallel()
	r := open(t, storetest.SQLite(t)).run(func(context.Context, interview.Run) error {
		return jobs.Permanent(errors.New("no cure"))
	}, &inngest.Config{})
	r.enqueue(1)
	r.untilState(interview.RunFailed)
	r.until("Inngest has given up", func() bool { return r.called()[0].State == inngest.Failed })
	if runs := r.called(); runs[0].Calls != 1 {
		t.Errorf("%+v", runs)
	}
}

func TestRunThatWaitsIsCalledByInngestAgain(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		var calls atomic.Int32
		r := open(t, url)
		r.run(func(context.Context, interview.Run) error {
			switch n := calls.Add(1); {
			case n <= 5: // more often than Inngest would retry
				return jobs.Wait(r.clock.Now(), "not yet")
			case n == 6:
				return jobs.Wait(r.clock.Now().Add(20*time.Millisecond), "not yet")
			}
			return nil
		}, &inngest.Config{})
		r.enqueue(1)
		if run := r.untilState(interview.RunDone); run.Attempts != 1 || calls.Load() != 7 {
			t.Errorf("%d calls: %+v", calls.Load(), run)
		}
		for _, run := range r.called() {
			if run.State == inngest.Failed {
				t.Errorf("to wait is no failure: %+v", run)
			}
		}
	})
}

func TestEventThatInngestLostIsSentAgain(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		var lost atomic.Bool
		r := open(t, url).run(func(context.Context, interview.Run) error { return nil },
			&inngest.Config{Lose: func(e inngest.Event) bool { return e.Name == "call/orchestrate" && lost.CompareAndSwap(false, true) }})
		r.enqueue(1)
		r.until("the event is out", func() bool {
			_, unsent, err := r.store.UnsentRun(t.Context(), r.only().ID)
			return err == nil && !unsent && lost.Load()
		})
		r.clock.Advance(11 * time.Minute)
		if n, err := r.store.RescueRuns(t.Context()); err != nil {
			t.Errorf("%d, %v", n, err)
		}
		r.untilState(interview.RunDone)
	})
}

func TestTwoEventsOfOneRunTakeEffectOnce(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		var calls atomic.Int32
		begun, release := make(chan struct{}), make(chan struct{})
		r := open(t, url).run(func(context.Context, interview.Run) error {
			if calls.Add(1) == 1 {
				close(begun)
			}
			<-release
			return nil
		}, &inngest.Config{})
		r.enqueue(1)
		<-begun
		body := `{"id":"other","name":"call/orchestrate","data":{"runId":"` + r.only().ID + `"}}`
		w := httptest.NewRecorder()
		r.server.ServeHTTP(w, httptest.NewRequest("POST", "/e/"+eventKey, strings.NewReader(body)))
		r.until("the second is answered", func() bool {
			runs := r.called()
			return len(runs) == 2 && runs[1].State == inngest.Completed
		})
		close(release)
		r.untilState(interview.RunDone)
		if calls.Load() != 1 {
			t.Errorf("%d effects", calls.Load())
		}
	})
}

func TestUnsignedCallIsRefused(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	r := open(t, storetest.SQLite(t)).run(func(context.Context, interview.Run) error {
		calls.Add(1)
		return nil
	}, &inngest.Config{Lose: func(e inngest.Event) bool { return e.Name == "call/orchestrate" }})
	r.enqueue(1)
	r.until("the event is out", func() bool { return len(r.events()) == 1 })
	body := `{"ctx":{"fn_id":"00000000-0000-0000-0000-000000000000"},"event":{"name":"call/orchestrate","data":{"runId":"` +
		r.only().ID + `"}},"events":[],"steps":{}}`
	for name, header := range map[string]string{
		"unsigned": "", "nonsense": "x", "forged": "t=4102444800&s=" + strings.Repeat("0", 64), "old": "t=1&s=" + strings.Repeat("0", 64),
	} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodGet} {
			q, err := http.NewRequestWithContext(t.Context(), method, r.app+"?fnId=iagent-orchestrate-call&stepId=step", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if header != "" {
				q.Header.Set("X-Inngest-Signature", header)
			}
			answer, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s: %d", name, method, answer.StatusCode)
			}
		}
	}
	if calls.Load() > 0 || r.only().State != interview.RunWaiting {
		t.Errorf("%d calls: %+v", calls.Load(), r.only())
	}
}

func TestLongEventQueueIsNotTakenForLoss(t *testing.T) {
	t.Parallel()
	if got := jobs.BeginWithin(jobs.Function{Concurrency: 2}, 1000); got < 500*time.Minute {
		t.Errorf("wait of %s behind a thousand", got)
	}
	if got := jobs.BeginWithin(jobs.Function{Concurrency: 5}, 0); got > 15*time.Minute {
		t.Errorf("wait of %s with nothing before it", got)
	}
}
