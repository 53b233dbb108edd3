package store

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/store/storetest"
)

// Two processes note the same token, the later one first.
func TestUsesOfATokenKeepTheFirstAndTheLast(t *testing.T) {
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		s, at := open(t, url, Options{}), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		for _, last := range []time.Time{at.Add(500 * time.Millisecond), at.Add(time.Hour), at.Add(time.Minute)} {
			if err := s.NoteTokenUses(t.Context(), []TokenUse{
				{Fingerprint: "a", For: "webhook", First: at, Last: last}, {Fingerprint: "a", For: "rest", Account: "AC1", First: at, Last: at},
			}); err != nil {
				t.Fatal(err)
			}
		}
		uses, err := s.TokenUses(t.Context())
		if err != nil || len(uses) != 2 || uses[1].For != "webhook" || !uses[1].First.Equal(at) || !uses[1].Last.Equal(at.Add(time.Hour)) || uses[0].Account != "AC1" {
			t.Errorf("%v, %v", uses, err)
		}
		if err := s.ProbeRollback(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := s.OldestPayload(t.Context()); err != nil {
			t.Error(err)
		}
		if now, err := s.ServerTime(t.Context()); err != nil || time.Since(now).Abs() > time.Minute {
			t.Errorf("server time %s, %v", now, err)
		}
	})
}
