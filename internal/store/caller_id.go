package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/phone"
)

// callerID chooses the number from which a call is made: the one from which the contact was called before, so that they know it. Else it
// is one of the contact's country if there is any, and of those the one that was not used for the longest time, the first of them.
// It is kept with the contact.
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
	}, callerIDBefore, call.ContactID)
	if err != nil {
		return "", fmt.Errorf("caller id of contact %s: %w", call.ContactID, err)
	}
	if len(before) > 0 && slices.Contains(numbers, before[0]) {
		return before[0], nil
	}
	numbers = phone.SameCountry(numbers, call.Callee())
	used := map[string]time.Time{}
	err = collect(ctx, tx, func(r row) error {
		var number string
		var at time.Time
		err := r.Scan(&number, &at)
		used[number] = at
		return err
	}, lastDials(len(numbers)), anys(numbers)...)
	if err != nil {
		return "", fmt.Errorf("looking for the last dial from each caller id: %w", err)
	}
	chosen := slices.MinFunc(numbers, func(a, b string) int { return used[a].Compare(used[b]) })
	if _, err := tx.Exec(ctx, `UPDATE contacts SET caller_id = $2 WHERE id = $1`, call.ContactID, chosen); err != nil {
		return "", fmt.Errorf("caller id of contact %s: %w", call.ContactID, err)
	}
	return chosen, nil
}

// callerIDBefore is the number from which a contact was called: the one that is kept, or that of their last call from before there
// were several.
const callerIDBefore = `SELECT caller_id FROM contacts WHERE id = $1 AND caller_id <> '' UNION ALL SELECT from_number FROM (SELECT from_number FROM calls
	JOIN dial_intents ON dial_intents.call_id = calls.id WHERE contact_id = $1 AND contact_id <> '' ORDER BY calls.id DESC LIMIT 1) AS last`

// lastDials is when each of some numbers was dialled from last. The row of the gate is held meanwhile: it reads one row for each.
func lastDials(numbers int) string {
	parts := make([]string, numbers)
	for n := range parts {
		parts[n] = fmt.Sprintf(`SELECT from_number, begun_at FROM (SELECT from_number, begun_at FROM dial_intents WHERE from_number = $%d
			ORDER BY begun_at DESC LIMIT 1) AS last%d`, n+1, n)
	}
	return strings.Join(parts, " UNION ALL ")
}
