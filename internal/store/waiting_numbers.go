package store

import (
	"context"
	"fmt"
)

// WaitingNumbers are the numbers of people who wait to be called, at most so many: those of calls that wait for their dial, then those of
// contacts, the ones that are looked at next. Simulated ones are left out, and those whose number was erased.
func (s *Store) WaitingNumbers(ctx context.Context, limit int) ([]string, error) {
	var numbers []string
	for _, statement := range []string{queuedNumbers, waitingNumbers} {
		if len(numbers) >= limit {
			break
		}
		err := collect(ctx, s.read(), func(r row) error {
			var number string
			err := r.Scan(&number)
			numbers = append(numbers, number)
			return err
		}, statement, limit-len(numbers))
		if err != nil {
			return nil, fmt.Errorf("reading the numbers of people who wait: %w", err)
		}
	}
	return numbers, nil
}

const (
	queuedNumbers = `SELECT phone_number FROM (SELECT phone_number, simulated FROM calls WHERE status = 'QUEUED' ORDER BY id LIMIT $1) AS next
	WHERE phone_number <> '' AND NOT simulated`
	// The contact of such a call waits no longer itself.
	waitingNumbers = `SELECT phone_number FROM (SELECT phone_number, simulated FROM contacts WHERE next_at IS NOT NULL ORDER BY next_at LIMIT $1) AS next
	WHERE phone_number <> '' AND NOT simulated`
)
