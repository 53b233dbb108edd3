package store

import (
	"strings"
	"testing"
)

func TestClaimsOfAHypothesisAreCountedByIndex(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 2)
		refused := claimFor(hypotheses[0], true)
		refused.Rejected = "the quote was not said"
		s.extract(t, calls[0], claimFor(hypotheses[0], true), claimFor(hypotheses[0], false), refused)
		s.extract(t, calls[1], claimFor(hypotheses[0], true))
		got, err := s.ClaimCounts(t.Context(), append(hypotheses, "none"))
		if err != nil || got[hypotheses[0]] != (ClaimCount{Claims: 4, Rejected: 1}) || got[hypotheses[1]] != (ClaimCount{}) || got["none"] != (ClaimCount{}) {
			t.Errorf("%+v, %v", got, err)
		}
		if plan := s.howRead(t, countClaims, hypotheses[0], MaxCountedClaims); !strings.Contains(plan, "claims_hypothesis") && !strings.Contains(plan, "claims_pkey") || strings.Contains(plan, "SCAN claims") {
			t.Error(plan)
		}
	})
}
