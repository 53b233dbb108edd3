package store

import (
	"reflect"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

func TestEveryChangedColumnIsWritten(t *testing.T) {
	clock := newClock()
	at := clock.Now().Add(time.Minute)
	seconds, none := 42, 0
	changes := []func(c *interview.Call){
		func(c *interview.Call) { c.TwilioSid = "CA1" },
		func(c *interview.Call) { c.AccountSid = "AC1" },
		func(c *interview.Call) { c.Status = interview.CallRinging },
		func(c *interview.Call) { c.Sequence = 3 },
		func(c *interview.Call) { c.Consent = interview.ConsentGiven },
		func(c *interview.Call) { c.ConsentAttempts = 2 },
		func(c *interview.Call) { c.ConsentAt = &at },
		func(c *interview.Call) { c.Duration = &seconds },
		func(c *interview.Call) { c.Duration = &none },
		func(c *interview.Call) { c.DialedAt = &at },
		func(c *interview.Call) { c.StartedAt = &at },
		func(c *interview.Call) { c.CompletedAt = &at },
		func(c *interview.Call) { c.ErrorCode = 21217 },
		func(c *interview.Call) { c.ErrorMessage = "no such number" },
		func(c *interview.Call) { c.Transcript = "hello" },
		func(c *interview.Call) { c.AnsweredBy = "human" },
		func(c *interview.Call) { c.AnswerStep = 1 },
		func(c *interview.Call) { c.ConsentBy = interview.ConsentByKeypad },
		func(c *interview.Call) { c.Answers = 2 },
		func(c *interview.Call) { c.EarlyRecordings = "RE1 RE2" },
		func(c *interview.Call) { c.ClearedAt = &at },
		func(c *interview.Call) { c.ErasedAt = &at },
		func(c *interview.Call) { c.LiveNumber = c.PhoneNumber },
		func(c *interview.Call) { c.CancelRequestedAt = &at },
		func(c *interview.Call) {},
	}
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		ids := seed(t, s, len(changes))
		save := func(was, is []interview.Call) {
			t.Helper()
			err := s.write(t.Context(), func(tx *Tx) error {
				stmts := tx.newStmtBatch()
				stmts.saveCalls(was, is)
				return stmts.run(t.Context())
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		check := func(want []interview.Call) {
			t.Helper()
			for i, call := range want {
				if got := s.mustCall(t, call.ID); !reflect.DeepEqual(got, call) {
					t.Errorf("change %d: call is %+v, want %+v", i, got, call)
				}
			}
		}
		var was, is []interview.Call
		for i, id := range ids {
			call := s.mustCall(t, id)
			was = append(was, call)
			changes[i](&call)
			is = append(is, call)
		}
		// Each alone, then all at once, back to what they were, and forth.
		for i := range is {
			save(was[i:i+1], is[i:i+1])
		}
		check(is)
		save(is, was)
		check(was)
		clock.Advance(time.Hour)
		save(was, is)
		check(is)
		for i, id := range ids {
			touched := s.count(t, `SELECT COUNT(*) FROM calls WHERE id = $1 AND updated_at = $2`, id, clock.Now()) == 1
			if want := i < len(ids)-1; touched != want {
				t.Errorf("change %d: that the row was written: %v, want %v", i, touched, want)
			}
		}
	})
}
