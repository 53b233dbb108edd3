package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// Two operators retry the same dead runs while lost ones are rescued.
func TestDeadRunsAreRetriedInBulkOnce(t *testing.T) {
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		clock := newClock()
		s := open(t, url, Options{Now: clock.Now})
		ids := seed(t, s, 500)
		err := s.write(t.Context(), func(tx *Tx) error {
			if _, err := tx.Exec(t.Context(), `DELETE FROM river_job`); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), `UPDATE function_runs SET state = 'failed', attempts = 4, finished_at = $1,
				last_error = 'permanent: model: transcribing: 401 Unauthorized'`, tx.Now)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		other := s.runOf(t, ids[7])
		if err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE function_runs SET last_error = 'unclear: iagent: 100%_sure' WHERE id = $1`, other)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]int{"": 500, "401": 499, "PERMANENT": 499, "100%_s": 1, "1__%": 0} {
			plan, err := s.DeadRuns(t.Context(), DeadRunFilter{Function: interview.OrchestrateCall, Error: text}, 3)
			if err != nil || plan.Count != want || len(plan.Sample) != min(want, 3) {
				t.Errorf("%q: %d runs, %d shown, %v; want %d", text, plan.Count, len(plan.Sample), err, want)
			}
		}
		for _, by := range []DeadRunFilter{{Until: clock.Now()}, {Since: clock.Now().Add(time.Second)}, {CallID: "nothing"}, {Function: interview.EndCall}} {
			if plan, err := s.DeadRuns(t.Context(), by, 1); err != nil || plan.Count != 0 {
				t.Errorf("%+v: %d runs, %v", by, plan.Count, err)
			}
		}
		if n, err := s.RetryRuns(t.Context(), DeadRunFilter{CallID: ids[7]}, 10, "", nil); n != 1 || err != nil {
			t.Errorf("one call's: %d, %v", n, err)
		}
		if n, err := s.RetryRuns(t.Context(), DeadRunFilter{}, 120, "", nil); n != 120 || err != nil {
			t.Errorf("bounded: %d, %v", n, err)
		}

		var done sync.WaitGroup
		counts, errs := make([]int, 2), make([]error, 3)
		for i := range counts {
			done.Go(func() { counts[i], errs[i] = s.RetryRuns(t.Context(), DeadRunFilter{}, 1000, "model is back", nil) })
		}
		done.Go(func() { _, errs[2] = s.RescueRuns(t.Context()) })
		done.Wait()
		if counts[0]+counts[1] != 379 || fmt.Sprint(errs) != "[<nil> <nil> <nil>]" {
			// One whose row the other holds is left to it.
			t.Errorf("retried %v, %v; want 379 in all", counts, errs)
		}
		if jobs, twice := s.count(t, `SELECT COUNT(*) FROM river_job`), s.count(t, `SELECT COUNT(*) FROM function_runs WHERE resends <> 1`); jobs != 500 || twice != 0 {
			t.Errorf("%d jobs for 500 runs, %d runs were not retried exactly once", jobs, twice)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE state = 'waiting' AND attempts_allowed = 8`); n != 500 {
			t.Errorf("%d runs have their attempts again", n)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM audit_log WHERE action = 'run.retry'`); n < 6 {
			t.Errorf("%d audit entries", n)
		}
	})
}
