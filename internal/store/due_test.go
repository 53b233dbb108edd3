package store

import (
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

func TestRunIsDueWhenItWaitsForNothingMore(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		if run, check, err := s.NextDue(t.Context()); !run.IsZero() || !check.IsZero() || err != nil {
			t.Fatalf("of an empty ledger: %s, %s, %v", run, check, err)
		}
		ids := seed(t, s, 3)
		due := func() []string {
			t.Helper()
			found, err := s.DueRuns(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		next := func(want time.Time) {
			t.Helper()
			if run, check, err := s.NextDue(t.Context()); !check.IsZero() || err != nil || !run.Equal(want) {
				t.Errorf("next is %s, a check at %s, %v; want %s", run, check, err, want)
			}
		}
		all := due()
		if len(all) != 3 || !slices.IsSorted(all) {
			t.Fatalf("due: %v", all)
		}
		next(clock.Now())
		begun := clock.Now()
		waits, dies := s.mustStart(t, interview.OrchestrateCall, ids[0]), s.mustStart(t, interview.OrchestrateCall, ids[1])
		until := begun.Add(time.Hour)
		if err := s.PostponeRun(t.Context(), waits, jobs.Postponement{Until: until, Reason: "later"}); err != nil {
			t.Fatal(err)
		}
		if got := due(); len(got) != 1 || got[0] == waits.ID || got[0] == dies.ID {
			t.Fatalf("due: %v", got)
		}
		if err := s.EndRun(t.Context(), s.mustStart(t, interview.OrchestrateCall, ids[2])); err != nil {
			t.Fatal(err)
		}
		next(begun.Add(jobs.LostAfter + time.Microsecond))
		if err := s.EndRun(t.Context(), dies); err != nil {
			t.Fatal(err)
		}
		next(until)
		if err := s.write(t.Context(), func(tx *Tx) error { return tx.beginOverdueChecks(t.Context(), ids[0], until) }); err != nil {
			t.Fatal(err)
		}
		if _, check, err := s.NextDue(t.Context()); err != nil || !check.Equal(until) {
			t.Errorf("the next check is at %s, %v; want %s", check, err, until)
		}
		clock.Advance(time.Hour)
		if got := due(); !slices.Equal(got, []string{waits.ID}) {
			t.Errorf("due: %v", got)
		}
	})
}
