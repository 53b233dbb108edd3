package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// callerID chooses the number from which a call is made: the one that the contact was called from before, so that they know it, or
// else the one that was used least within a day, the first of those. It is kept with the contact.
func (tx *Tx) callerID(ctx context.Context, call interview.Call) (string, error) {
	options := tx.store.options
	if len(options.CallerIDs) == 0 || options.DialFrom == "" {
		return options.DialFrom, nil
	}
	numbers := append([]string{options.DialFrom}, options.CallerIDs...)
	var before []string
	err := collect(ctx, tx, func(r row) error {
		var number string
		err := r.Scan(&number)
		before = append(before, number)
		return err
	}, `SELECT caller_id FROM contacts WHERE id = $1`, call.ContactID)
	if err != nil {
		return "", fmt.Errorf("caller id of contact %s: %w", call.ContactID, err)
	}
	if len(before) > 0 && slices.Contains(numbers, before[0]) {
		return before[0], nil
	}
	used := map[string]int{}
	err = collect(ctx, tx, func(r row) error {
		var number string
		var n int
		err := r.Scan(&number, &n)
		used[number] = n
		return err
	}, `SELECT from_number, COUNT(*) FROM dial_intents WHERE begun_at > $1 GROUP BY from_number`, tx.Now.Add(-24*time.Hour))
	if err != nil {
		return "", fmt.Errorf("counting dials by caller id: %w", err)
	}
	chosen := slices.MinFunc(numbers, func(a, b string) int { return used[a] - used[b] })
	if _, err := tx.Exec(ctx, `UPDATE contacts SET caller_id = $2 WHERE id = $1`, call.ContactID, chosen); err != nil {
		return "", fmt.Errorf("caller id of contact %s: %w", call.ContactID, err)
	}
	return chosen, nil
}
