package store

import (
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// Tests that cut a transaction between its statements cut around River's statement, too.
func TestRiversInsertIsARoundTripOfItsTransaction(t *testing.T) {
	trips := 0
	around := func(roundTrip func() error) error {
		trips++
		return roundTrip()
	}
	eachDatabase(t, Options{Around: around}, func(t *testing.T, s *Store) {
		err := s.write(t.Context(), func(tx *Tx) error {
			before := trips
			run := enqueued{args: jobs.RunArgs{RunID: "r1", Function: interview.EndCall}}
			if err := tx.insert(t.Context(), []enqueued{run}); err != nil {
				return err
			}
			if n := trips - before; n != 1 {
				t.Errorf("the insert passes the hook %d times, want 1", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
