package store

import (
	"errors"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// Earlier versions hashed a payload in another way. What they stored is the same payload when it comes again.
func TestPayloadStoredByAnEarlierVersionIsNoConflict(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		id := seed(t, s, 1)[0]
		var failure error
		p := NewProcessor(s, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
			return interview.Change{Call: call}, inbox.Reply{}, failure
		})
		now := time.Now()
		deliver := func(want inbox.Outcome, body string) {
			t.Helper()
			if result, err := p.Process(t.Context(), event("voice", "CA1", id, body, now)); err != nil || result.Outcome != want {
				t.Fatalf("%s: %q, %v; want %s", body, result.Outcome, err, want)
			}
		}
		count := func(outcome inbox.Outcome) (rows, attempts int) {
			t.Helper()
			err := s.read().QueryRow(t.Context(), `SELECT COUNT(*), COALESCE(SUM(attempt), 0) FROM webhook_events WHERE outcome = $1`,
				string(outcome)).Scan(&rows, &attempts)
			if err != nil {
				t.Fatal(err)
			}
			return rows, attempts
		}
		// age turns what is stored into what the earlier version stored.
		age := func() {
			for _, body := range []string{"a=1", "a=2"} {
				e := event("voice", "CA1", id, body, now)
				hash, old := e.PayloadHash(), oldPayloadHash(e)
				s.mustExec(t, `UPDATE webhook_events SET body_hash = $1 WHERE body_hash = $2`, old[:], hash[:])
			}
		}
		failure = errors.New("no idea")
		for range 2 {
			if _, err := p.Process(t.Context(), event("voice", "CA1", id, "a=1", now)); err == nil {
				t.Fatal("a failure was answered")
			}
			age()
		}
		if rows, attempts := count(inbox.Failed); rows != 1 || attempts != 2 {
			t.Errorf("%d failed records with %d attempts; want 1 with 2", rows, attempts)
		}
		failure = nil
		deliver(inbox.Accepted, "a=1")
		deliver(inbox.Conflict, "a=2")
		age()
		deliver(inbox.Duplicate, "a=1")
		deliver(inbox.Conflict, "a=2")
		if rows, _ := count(inbox.Conflict); rows != 1 {
			t.Errorf("%d conflict records; want 1", rows)
		}
		deliver(inbox.Conflict, "a=3")
	})
}
