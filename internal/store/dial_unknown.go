package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// DialAbsent counts an answer of Twilio that does not list a call whose dial is unknown. Once there were enough of them
// over a long enough time the absence counts as proven: the call is QUEUED again and dialled with a run of its own, or
// CANCELED if nobody wants it any more. It reports whether it is dialled again.
func (s *Store) DialAbsent(ctx context.Context, callID string, answers int, over time.Duration) (redialled bool, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		redialled = false
		call, err := tx.lockCall(ctx, callID)
		if err != nil {
			return err
		}
		if call.Status != interview.CallDialUnknown || call.TwilioSid != "" {
			return nil
		}
		if on, err := tx.mayArrive(ctx, callID); err != nil || on {
			return err
		}
		var absences int
		var since time.Time
		err = tx.QueryRow(ctx, `INSERT INTO call_watch (call_id, next_at, checks, absences, absent_since) VALUES ($1, $2, 0, 1, $2)
			ON CONFLICT (call_id) DO UPDATE SET absences = call_watch.absences + 1,
			absent_since = COALESCE(call_watch.absent_since, excluded.absent_since)
			RETURNING absences, absent_since`, callID, tx.Now).Scan(&absences, &since)
		if err != nil {
			return fmt.Errorf("counting absences: %w", err)
		}
		if absences < answers || tx.Now.Sub(since) < over {
			return nil
		}
		redialled, err = tx.redial(ctx, call, absences, tx.Now.Sub(since))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("absence of call %s: %w", callID, err)
	}
	return redialled, nil
}

// redial takes back a dial of which is proven that it created nothing. It reports whether there will be another; there is
// none when the call was canceled meanwhile.
func (tx *Tx) redial(ctx context.Context, call interview.Call, absences int, over time.Duration) (bool, error) {
	var before int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM call_history WHERE call_id = $1 AND what = $2`, call.ID, noteAbsent).Scan(&before)
	if err != nil {
		return false, err
	}
	detail := fmt.Sprintf("Twilio did not list it %d times in %s", absences, over.Round(time.Second))
	if err := tx.note(ctx, call.ID, noteAbsent, detail); err != nil {
		return false, err
	}
	call.Status, call.Sequence, call.DialedAt = interview.CallQueued, interview.NoSequence, nil
	canceled, err := tx.cancelUnwanted(ctx, &call)
	if err != nil {
		return false, err
	}
	if err := tx.uncountAttempt(ctx, call); err != nil {
		return false, err
	}
	if err := tx.saveCall(ctx, call); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM call_watch WHERE call_id = $1`, call.ID); err != nil || canceled {
		return false, err
	}
	return true, tx.enqueue(ctx, "absence:"+call.ID, []interview.Job{interview.NewRedial(call.ID, before+1)})
}

// CallIDOf says which call is bound to a CallSid, "" for none.
func (s *Store) CallIDOf(ctx context.Context, callSid string) (string, error) {
	var id string
	err := s.read().QueryRow(ctx, `SELECT id FROM calls WHERE twilio_sid = $1`, callSid).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// OtherDialUnderWay reports whether another call to the same number is being dialled at this moment: Twilio's list does not tell
// whose of the two a call is, but its callbacks soon will.
func (s *Store) OtherDialUnderWay(ctx context.Context, callID string) (bool, error) {
	var n int
	err := s.read().QueryRow(ctx, `SELECT COUNT(*) FROM calls other JOIN calls mine ON mine.id = $1
		WHERE other.phone_number = mine.phone_number AND other.id <> mine.id AND other.twilio_sid = ''
		AND other.dialed_at IS NOT NULL AND other.status = 'QUEUED'`, callID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("looking for another dial to the number of call %s: %w", callID, err)
	}
	return n > 0, nil
}

// LoseDial marks a call as DIAL_UNKNOWN whose intent to dial is left behind by a run that is over. It reports whether it
// did.
func (s *Store) LoseDial(ctx context.Context, callID string) (lost bool, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		lost = false
		call, err := tx.lockCall(ctx, callID)
		if err != nil || call.Status != interview.CallQueued || call.DialedAt == nil || call.TwilioSid != "" {
			return err
		}
		var live int
		err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM function_runs WHERE function = $1 AND (key = $2 OR key LIKE $3)
			AND state IN ('waiting', 'running')`, string(interview.OrchestrateCall), callID, callID+":redial:%").Scan(&live)
		if err != nil || live > 0 {
			return err
		}
		lost = true
		call.Status = interview.CallDialUnknown
		if err := tx.note(ctx, callID, noteUnknown, "its run ended without saying what came of it"); err != nil {
			return err
		}
		return tx.saveCall(ctx, call)
	})
	if err != nil {
		return false, fmt.Errorf("giving up the dial of call %s: %w", callID, err)
	}
	return lost, nil
}
