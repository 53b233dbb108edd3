package store

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

func TestContactThatWasCalledAfterTheBackupIsNotCalledAgain(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		campaign := recruit(t, s, 2, nil)
		called := s.contacts(t, campaign.ID)[0]
		at := s.now().Add(time.Second)
		if news, err := s.ForgottenCall(t.Context(), "CA00000000000000000000000000000001", called.PhoneNumber, at); err != nil || !news {
			t.Fatalf("%v, %v", news, err)
		}
		after := s.contacts(t, campaign.ID)
		if c := after[0]; c.State != interview.ContactExhausted || c.Reason != ReasonRestored || c.NextAt != nil {
			t.Errorf("the contact that was called is %s %s, next %v", c.State, c.Reason, c.NextAt)
		}
		if c := after[1]; c.State != interview.ContactWaiting {
			t.Errorf("the other contact is %s", c.State)
		}
		s.pass(t)
		if n := s.count(t, `SELECT COUNT(*) FROM calls WHERE phone_number = '`+called.PhoneNumber+`'`); n != 0 {
			t.Errorf("%d calls to it", n)
		}
	})
}
