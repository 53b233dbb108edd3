package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/i-agent/iagent/internal/interview"
)

// cancelListed cancels the calls to numbers that were put on the do-not-call list and wait for their turn to be dialled, and ends the
// contacts that wait for an attempt. Each transaction holds few rows. What it leaves undone is refused by the gate at its turn.
func (s *Store) cancelListed(ctx context.Context, numbers []string, scope string) error {
	for part := range slices.Chunk(numbers, importedAtOnce) {
		ids, err := s.queuedTo(ctx, part, scope)
		if err != nil {
			return err
		}
		for _, id := range ids {
			err := s.write(ctx, func(tx *Tx) error { return tx.cancelListedCall(ctx, id) })
			if err != nil {
				return fmt.Errorf("canceling call %s to a number of the do-not-call list: %w", id, err)
			}
		}
		if err := s.refuseListed(ctx, part, scope); err != nil {
			return err
		}
	}
	return nil
}

// queuedTo are the ids of the calls to the numbers that nobody has dialled, in order.
func (s *Store) queuedTo(ctx context.Context, numbers []string, scope string) ([]string, error) {
	condition, args := in(s.dialect, "live_number", 2, numbers)
	var ids []string
	err := collect(ctx, s.read(), func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM calls WHERE live_number <> '' AND `+condition+` AND status = 'QUEUED' AND dialed_at IS NULL AND twilio_sid = ''
		AND ($1 = '`+interview.ScopeAll+`' OR campaign_id = $1)`, append([]any{scope}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("looking for queued calls to numbers of the do-not-call list: %w", err)
	}
	slices.Sort(ids)
	return ids, nil
}

// cancelListedCall cancels a call unless it was dialled meanwhile, and ends its contact.
func (tx *Tx) cancelListedCall(ctx context.Context, id string) error {
	call, err := tx.lockCall(ctx, id)
	if err != nil {
		return err
	}
	if call.Status != interview.CallQueued || call.Dialled() {
		return nil
	}
	if err := tx.cancel(ctx, &call, byListing); err != nil {
		return err
	}
	if err := tx.saveCall(ctx, call); err != nil {
		return err
	}
	return tx.refuseContact(ctx, call, interview.RefusalDoNotCall)
}

// refuseContact ends the contact of a call that is over, if it has no newer attempt. The transaction holds the call's row.
func (tx *Tx) refuseContact(ctx context.Context, call interview.Call, why interview.Refusal) error {
	_, err := tx.Exec(ctx, `UPDATE contacts SET state = 'REFUSED', reason = $3, next_at = NULL, updated_at = $4
		WHERE id = $1 AND call_id = $2 AND state = 'CALLING'`, call.ContactID, call.ID, string(why), tx.Now)
	if err == nil {
		_, err = tx.Exec(ctx, `UPDATE calls SET settled = TRUE WHERE id = $1`, call.ID)
	}
	if err != nil {
		return fmt.Errorf("refusing contact %s: %w", call.ContactID, err)
	}
	return nil
}

// refuseListed ends the contacts that wait with one of the numbers.
func (s *Store) refuseListed(ctx context.Context, numbers []string, scope string) error {
	condition, args := in(s.dialect, "phone_number", 2, numbers)
	waiting := ` FROM contacts WHERE phone_number <> '' AND ` + condition + ` AND state = 'WAITING'
		AND ($1 = '` + interview.ScopeAll + `' OR campaign_id = $1)`
	args = append([]any{scope}, args...)
	var ids []string
	err := collect(ctx, s.read(), func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id`+waiting, args...)
	slices.Sort(ids)
	for part := range slices.Chunk(ids, insertAtOnce) {
		if err != nil {
			break
		}
		err = s.write(ctx, func(tx *Tx) error {
			condition, args := tx.in("id", 2, part)
			_, err := tx.Exec(ctx, `UPDATE contacts SET state = 'REFUSED', reason = '`+string(interview.RefusalDoNotCall)+`', next_at = NULL,
				updated_at = $1 WHERE `+condition+` AND state = 'WAITING'`, append([]any{tx.Now}, args...)...)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("refusing contacts with numbers of the do-not-call list: %w", err)
	}
	return nil
}

// eraseListed takes out of the do-not-call list by what people would know the number. Its hash stays: nobody calls it.
func (tx *Tx) eraseListed(ctx context.Context, number string) error {
	key, err := tx.store.keptNumberKey(ctx, tx)
	if err != nil || key == nil { // nothing was ever hashed
		return err
	}
	tx.erases = true
	_, err = tx.Exec(ctx, `UPDATE do_not_call SET masked = '', reason = '' WHERE number_hash = $1`, hashNumber(key, number))
	if err != nil {
		return fmt.Errorf("erasing the number in the do-not-call list: %w", err)
	}
	return nil
}
