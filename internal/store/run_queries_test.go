package store

import (
	"errors"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

func TestDeadRunCanBeRetriedAndKeepsItsHistory(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		id := seed(t, s, 1)[0]
		var run interview.Run
		for range jobs.MaxAttempts {
			run = s.mustStart(t, interview.OrchestrateCall, id)
			if jobs.GivenUp(run) {
				break
			}
			if err := s.PostponeRun(t.Context(), run, jobs.Postponement{Until: clock.Now(), Reason: "no luck", Counts: true}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.RetryRun(t.Context(), run.ID); !errors.Is(err, ErrRunNotFailed) {
			t.Errorf("a running run was retried: %v", err)
		}
		if err := s.FailRun(t.Context(), run, "no luck"); err != nil {
			t.Fatal(err)
		}
		before := s.count(t, `SELECT COUNT(*) FROM river_job`)
		dead, err := s.LedgerRun(t.Context(), run.ID)
		if err != nil || dead.State != interview.RunFailed || dead.Attempts != 4 || dead.LastError != "no luck" || dead.FinishedAt == nil {
			t.Fatalf("%+v, %v", dead, err)
		}
		again, err := s.RetryRun(t.Context(), run.ID)
		if err != nil || again.State != interview.RunWaiting || again.Attempts != 4 || again.AttemptsAllowed != 8 || again.Key != dead.Key {
			t.Fatalf("%+v, %v", again, err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM river_job`) - before; n != 1 {
			t.Errorf("%d jobs were enqueued", n)
		}
		retries, err := s.RunRetries(t.Context(), []string{"another", run.ID})
		if err != nil || len(retries) != 1 || retries[0].Subject != run.ID || retries[0].Detail["failedAt"] != dead.FinishedAt.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano) {
			t.Errorf("the retries: %+v, %v", retries, err)
		}
		fifth := s.mustStart(t, interview.OrchestrateCall, id)
		if fifth.Attempt != 5 || jobs.GivenUp(fifth) {
			t.Errorf("%+v", fifth)
		}
		if _, err := s.RetryRun(t.Context(), "nothing"); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
	})
}

func TestListedRunsMatchTheFilter(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 5)
		if err := s.FailRun(t.Context(), s.mustStart(t, interview.OrchestrateCall, ids[1]), "no luck"); err != nil {
			t.Fatal(err)
		}
		var keys []string
		page := Page{Limit: 2}
		for {
			list, err := s.Runs(t.Context(), RunFilter{Function: interview.OrchestrateCall, State: interview.RunWaiting}, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range list.Items {
				keys = append(keys, r.Key)
			}
			if page.After = list.Next; page.After == "" {
				break
			}
		}
		if len(keys) != 4 {
			t.Errorf("waiting: %v", keys)
		}
		failed, err := s.Runs(t.Context(), RunFilter{State: interview.RunFailed}, page)
		if err != nil || len(failed.Items) != 1 || failed.Items[0].Key != ids[1] {
			t.Errorf("failed: %+v, %v", failed, err)
		}
		none, err := s.Runs(t.Context(), RunFilter{Function: interview.EndCall}, page)
		if err != nil || len(none.Items) != 0 {
			t.Errorf("other function: %+v, %v", none, err)
		}
	})
}

func TestLostEventIsSentAgain(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 2)
		id := s.runOf(t, ids[0])
		unsent, ok, err := s.UnsentRun(t.Context(), id)
		if !ok || err != nil || unsent.Resends != 0 || unsent.Backlog != 0 {
			t.Fatalf("%+v, %t, %v", unsent, ok, err)
		}
		if err := s.EventSent(t.Context(), unsent, clock.Now(), clock.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := s.UnsentRun(t.Context(), id); ok || err != nil {
			t.Errorf("an event that is out is sent twice: %v", err)
		}
		if other, _, _ := s.UnsentRun(t.Context(), s.runOf(t, ids[1])); other.Backlog != 1 {
			t.Errorf("backlog of the next: %d", other.Backlog)
		}
		if n, err := s.RescueRuns(t.Context()); n != 0 || err != nil {
			t.Errorf("too soon: %d, %v", n, err)
		}
		clock.Advance(time.Minute + time.Second)
		for want := 1; want >= 0; want-- {
			if n, err := s.RescueRuns(t.Context()); n != want || err != nil {
				t.Errorf("rescued %d, %v, want %d", n, err, want)
			}
		}
		again, ok, err := s.UnsentRun(t.Context(), id)
		if !ok || err != nil || again.Resends != 1 {
			t.Fatalf("%+v, %t, %v", again, ok, err)
		}
		// The answer to the first event comes late: it says nothing about the second.
		if err := s.EventSent(t.Context(), unsent, clock.Now(), clock.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := s.UnsentRun(t.Context(), id); !ok {
			t.Error("the second event is not sent")
		}
		// Nor is a run that has begun taken for lost.
		if err := s.EventSent(t.Context(), again, clock.Now(), clock.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		s.mustStart(t, interview.OrchestrateCall, ids[0])
		clock.Advance(2 * time.Second)
		if n, err := s.RescueRuns(t.Context()); n != 0 || err != nil {
			t.Errorf("begun: %d, %v", n, err)
		}
	})
}

// runOf is the id of a call's run.
func (s *Store) runOf(t *testing.T, callID string) string {
	t.Helper()
	var id string
	if err := s.read().QueryRow(t.Context(), `SELECT id FROM function_runs WHERE key = $1`, callID).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}
