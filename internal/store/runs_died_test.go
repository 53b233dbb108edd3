package store

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// A call that waits for its hours asks every hour; over days the program is restarted now and then, sometimes in the middle of that.
func TestRunThatWaitsIsNotGivenUpForRestartsBetween(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		id := seed(t, s, 1)[0]
		dies := func(run interview.Run, times int) (rescued int) {
			t.Helper()
			clock.Advance(jobs.LostAfter + time.Second)
			n, err := s.RescueRuns(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 && times < jobs.MaxAttempts {
				t.Fatalf("run %s is given up after attempt %d of %d", run.ID, run.Attempt, run.AttemptsAllowed)
			}
			return n
		}
		for range 3 * jobs.MaxAttempts {
			dies(s.mustStart(t, interview.OrchestrateCall, id), 1)
			run := s.mustStart(t, interview.OrchestrateCall, id)
			if err := s.PostponeRun(t.Context(), run, jobs.Postponement{Until: clock.Now(), Reason: "OUTSIDE_HOURS", Waited: true}); err != nil {
				t.Fatal(err)
			}
		}
		// What kills its process again and again is given up.
		for times := 1; times <= jobs.MaxAttempts; times++ {
			if rescued := dies(s.mustStart(t, interview.OrchestrateCall, id), times); times == jobs.MaxAttempts && rescued != 0 {
				t.Errorf("a run that killed %d processes in a row is called again", times)
			}
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE state = 'failed'`); n != 1 {
			t.Errorf("%d runs are dead", n)
		}
	})
}
