package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

const (
	// dialWithin is how long after the intent to dial a request may be sent to Twilio.
	dialWithin = 30 * time.Second
	// dialInTransit is how long after its deadline a request that was sent in time may still arrive: what the kernel holds is
	// given up after 20 s, and clocks differ.
	dialInTransit = 30 * time.Second
)

// DialIntent is with what a call is dialled, or was last.
type DialIntent struct {
	// From is the caller id, Account the Twilio account; "" when nobody said.
	From, Account string
	Begun         time.Time
	// Deadline is when the request is sent at the latest.
	Deadline time.Time
}

// beginIntent writes the intent of a run to dial, in place of an earlier one.
func (tx *Tx) beginIntent(ctx context.Context, run interview.Run, call interview.Call) (DialIntent, error) {
	options := tx.store.options
	intent := DialIntent{Account: options.DialAccount, Begun: tx.Now, Deadline: tx.Now.Add(dialWithin)}
	var err error
	if call.Simulated {
		intent.Account = ""
	} else if intent.From, err = tx.callerID(ctx, call); err != nil {
		return intent, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO dial_intents (call_id, run_id, from_number, account_sid, begun_at, deadline, sent_at)
		VALUES ($1, $2, $3, $4, $5, $6, NULL) ON CONFLICT (call_id) DO UPDATE SET run_id = excluded.run_id,
		from_number = excluded.from_number, account_sid = excluded.account_sid, begun_at = excluded.begun_at,
		deadline = excluded.deadline, sent_at = NULL`,
		call.ID, run.ID, intent.From, intent.Account, intent.Begun, intent.Deadline)
	if err != nil {
		return intent, fmt.Errorf("intent to dial call %s: %w", call.ID, err)
	}
	return intent, nil
}

// intentSent keeps when the request of an intent was sent.
func (tx *Tx) intentSent(ctx context.Context, run interview.Run, callID string, at time.Time) error {
	if at.IsZero() {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE dial_intents SET sent_at = $3 WHERE call_id = $1 AND run_id = $2`,
		callID, run.ID, at.UTC().Truncate(time.Microsecond))
	return err
}

// DialIntent is the intent with which a call was dialled last, false for one from before intents were kept.
func (s *Store) DialIntent(ctx context.Context, callID string) (DialIntent, bool, error) {
	return dialIntent(ctx, s.read(), callID)
}

func dialIntent(ctx context.Context, q querier, callID string) (DialIntent, bool, error) {
	var intent DialIntent
	err := q.QueryRow(ctx, `SELECT from_number, account_sid, begun_at, deadline FROM dial_intents WHERE call_id = $1`, callID).
		Scan(&intent.From, &intent.Account, &intent.Begun, &intent.Deadline)
	if errors.Is(err, sql.ErrNoRows) {
		return intent, false, nil
	}
	if err != nil {
		return intent, false, fmt.Errorf("intent to dial call %s: %w", callID, err)
	}
	return intent, true, nil
}

// mayArrive reports whether the request of the last intent may still be on its way to Twilio: until then no list proves
// that the call will not be there.
func (tx *Tx) mayArrive(ctx context.Context, callID string) (bool, error) {
	intent, ok, err := dialIntent(ctx, tx, callID)
	return ok && tx.Now.Before(intent.Deadline.Add(dialInTransit)), err
}
