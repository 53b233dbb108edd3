package store

import (
	"errors"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// However many calls there are, those that are watched alone are read: the strip asks every 10 seconds.
func TestWhatIsOverdueIsReadWithoutAllCalls(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		fill(t, s, 2_000)
		if plan := s.howRead(t, selectChecked+checkedCalls); tableRead.MatchString(plan) {
			t.Error(plan)
		}
	})
}

func TestCallsOfAStopAreReadWithoutAllCalls(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		fill(t, s, 2_000)
		for _, scope := range []string{interview.ScopeAll, "campaign2000"} {
			stop := interview.Stop{Scope: scope, CreatedAt: s.now(), EndedAt: pointer(s.now())}
			statement, args := stoppedCalls(stop, 10)
			waited, with := waitedCalls(stop, 10)
			if plan := s.howRead(t, waited, with...); strings.Contains(plan, "Seq Scan on calls") || strings.Contains(plan, "SCAN calls") {
				t.Errorf("%s, those that waited:\n%s", scope, plan)
			}
			if plan := s.howRead(t, statement, args...); strings.Contains(plan, "Seq Scan on calls") || strings.Contains(plan, "SCAN calls") {
				t.Errorf("%s:\n%s", scope, plan)
			}
		}
		if _, err := s.StopDetail(t.Context(), "none", 10); !errors.Is(err, ErrNotFound) {
			t.Errorf("no such stop: %v", err)
		}
	})
}

func pointer[T any](v T) *T { return &v }
