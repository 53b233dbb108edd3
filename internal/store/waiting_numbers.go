package store

import (
	"context"
	"fmt"
)

// WaitingNumbers are the numbers of contacts that wait, those that are looked at next, at most so many. Simulated ones are left out, and
// those whose number was erased.
func (s *Store) WaitingNumbers(ctx context.Context, limit int) ([]string, error) {
	var numbers []string
	err := collect(ctx, s.read(), func(r row) error {
		var number string
		err := r.Scan(&number)
		numbers = append(numbers, number)
		return err
	}, waitingNumbers, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the numbers of contacts that wait: %w", err)
	}
	return numbers, nil
}

const waitingNumbers = `SELECT phone_number FROM (SELECT phone_number, simulated FROM contacts WHERE next_at IS NOT NULL ORDER BY next_at LIMIT $1) AS next
	WHERE phone_number <> '' AND NOT simulated`
