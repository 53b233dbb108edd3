package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// noteNoVerdict is what a call's history says of machine detection that came to nothing.
const noteNoVerdict = "verdict.none"

// NoVerdict says that nobody will tell who picked up: the call is over, and Twilio does not know. A verdict that comes after
// all is taken in.
func (s *Store) NoVerdict(ctx context.Context, callID string) error {
	err := s.write(ctx, func(tx *Tx) error {
		call, err := tx.lockCall(ctx, callID)
		if err != nil || call.AnsweredBy != "" || !call.Status.Terminal() {
			return err
		}
		call.AnsweredBy = interview.AnsweredByUnknown
		if err := tx.note(ctx, callID, noteNoVerdict, "Twilio does not say who picked up"); err != nil {
			return err
		}
		return tx.saveCall(ctx, call)
	})
	if err != nil {
		return fmt.Errorf("settling who picked up in call %s: %w", callID, err)
	}
	return nil
}

// RecordingsListed takes in an answer of Twilio's about a call that is over: how many of its recordings it cannot be cleared
// with. Of a call without consent those are all that have audio, and so many answers in a row, over so long a time, must
// say none since the call must have none. With consent one answer will do: what it lists has been taken in, and what is
// early is being deleted. It reports whether the call is cleared.
func (s *Store) RecordingsListed(ctx context.Context, callID string, listed, answers int, over time.Duration) (cleared bool, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		cleared = false
		call, err := tx.lockCall(ctx, callID)
		if err != nil || !call.Uncleared() {
			return err
		}
		if listed > 0 {
			_, err := tx.Exec(ctx, `UPDATE call_watch SET absences = 0, absent_since = NULL WHERE call_id = $1`, callID)
			return err
		}
		if call.Consent == interview.ConsentGiven {
			cleared, call.ClearedAt = true, &tx.Now
			return tx.saveCall(ctx, call)
		}
		var absences int
		var since time.Time
		// What was counted before, of the dial or before the consent was lost, counts for nothing.
		err = tx.QueryRow(ctx, `INSERT INTO call_watch (call_id, next_at, checks, absences, absent_since) VALUES ($1, $2, 0, 1, $2)
			ON CONFLICT (call_id) DO UPDATE SET
			absences = CASE WHEN call_watch.absent_since >= $3 THEN call_watch.absences + 1 ELSE 1 END,
			absent_since = CASE WHEN call_watch.absent_since >= $3 THEN call_watch.absent_since ELSE excluded.absent_since END
			RETURNING absences, absent_since`, callID, tx.Now, pointedTime(new(call.LostAt()))).Scan(&absences, &since)
		if err != nil {
			return fmt.Errorf("counting absences: %w", err)
		}
		if absences < answers || tx.Now.Sub(since) < over {
			return nil
		}
		cleared = true
		call.ClearedAt = &tx.Now
		detail := fmt.Sprintf("Twilio has no recording of this call: it listed none %d times in %s", absences, tx.Now.Sub(since).Round(time.Second))
		if err := tx.note(ctx, callID, noteNoRecording, detail); err != nil {
			return err
		}
		return tx.saveCall(ctx, call)
	})
	if err != nil {
		return false, fmt.Errorf("recordings of call %s: %w", callID, err)
	}
	return cleared, nil
}
