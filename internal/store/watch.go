package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// Watched is a call of which something is expected, as the reconciler and the watchdog see it.
type Watched struct {
	Call interview.Call
	// What is expected, and by when. What is "" when nothing more is.
	What interview.Expectation
	Due  time.Time
	// Checks counts how often Twilio was asked about what is late now.
	Checks int
	// Absences counts the answers in a row that did not list a call whose dial is unknown, the first at AbsentSince.
	Absences    int
	AbsentSince *time.Time
}

// What a call's history says of things that never were.
const (
	noteAbsent      = "dial.absent"
	noteNoRecording = "recording.none"
)

// recordingSettled is whether a recording of the call is known to be over, one way or another, or never to have been.
const recordingSettled = `(EXISTS (SELECT 1 FROM recordings WHERE recordings.call_id = calls.id
	AND recordings.status IN ('completed', 'absent', 'failed', 'deleted'))
	OR EXISTS (SELECT 1 FROM call_history WHERE call_history.call_id = calls.id AND call_history.what = '` + noteNoRecording + `'))`

// watch starts to expect something of a call.
func (tx *Tx) watch(ctx context.Context, callID string, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO call_watch (call_id, next_at, checks, absences) VALUES ($1, $2, 0, 0)
		ON CONFLICT (call_id) DO UPDATE SET next_at = excluded.next_at, checks = 0, absences = 0, absent_since = NULL`,
		callID, at.UTC().Truncate(time.Microsecond))
	if err != nil {
		return fmt.Errorf("watching call %s: %w", callID, err)
	}
	return nil
}

// watchAnew has a call looked at that may not be watched any more: that it was answered can be told after its end.
func (b *stmtBatch) watchAnew(callID string) {
	b.exec("watching call "+callID, `INSERT INTO call_watch (call_id, next_at, checks, absences) VALUES ($1, $2, 0, 0)
		ON CONFLICT (call_id) DO NOTHING`, callID, b.tx.Now)
}

// ClaimWatched takes calls whose next check is due, for the given time, so that no other process checks them too.
func (s *Store) ClaimWatched(ctx context.Context, limit int, lease time.Duration) ([]string, error) {
	var ids []string
	err := s.write(ctx, func(tx *Tx) error {
		ids = nil
		return collect(ctx, tx, func(r row) error {
			var id string
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		}, `UPDATE call_watch SET next_at = $2 WHERE call_id IN
			(SELECT call_id FROM call_watch WHERE next_at <= $1 ORDER BY next_at LIMIT $3`+tx.store.dialect.skipLocked+`)
			RETURNING call_id`, tx.Now, tx.Now.Add(lease), limit)
	})
	if err != nil {
		return nil, fmt.Errorf("claiming calls to check: %w", err)
	}
	return ids, nil
}

// Watched says what is expected of a call. ErrNotFound when there is no such call.
func (s *Store) Watched(ctx context.Context, callID string, deadlines interview.Deadlines) (Watched, error) {
	list, err := s.watched(ctx, deadlines, ` WHERE calls.id = $1`, callID)
	if err != nil {
		return Watched{}, err
	}
	if len(list) == 0 {
		return Watched{}, fmt.Errorf("call %s: %w", callID, ErrNotFound)
	}
	return list[0], nil
}

// CallsSince lists the ids of the calls that were created at or after a time.
func (s *Store) CallsSince(ctx context.Context, since time.Time) ([]string, error) {
	var ids []string
	err := collect(ctx, s.read(), func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM calls WHERE created_at >= $1 ORDER BY id`, since.UTC())
	if err != nil {
		return nil, fmt.Errorf("listing calls: %w", err)
	}
	return ids, nil
}

func (s *Store) watched(ctx context.Context, deadlines interview.Deadlines, where string, args ...any) ([]Watched, error) {
	var list []Watched
	err := s.eachWatched(ctx, deadlines, func(w Watched) { list = append(list, w) }, where, args...)
	return list, err
}

func (s *Store) eachWatched(ctx context.Context, deadlines interview.Deadlines, each func(Watched), where string, args ...any) error {
	now := s.now()
	err := collect(ctx, s.read(), func(r row) error {
		var w Watched
		var known interview.Known
		call, err := scanCall(prefixed{r, []any{&known.Recording, &w.Checks, &w.Absences, &w.AbsentSince}})
		if err != nil {
			return err
		}
		w.Call = call
		if what, due, ok := call.Expect(deadlines, known, now); ok {
			w.What, w.Due = what, due
		}
		each(w)
		return nil
	}, `SELECT `+recordingSettled+`, COALESCE(call_watch.checks, 0), COALESCE(call_watch.absences, 0), call_watch.absent_since, `+
		selectedCalls+` LEFT JOIN call_watch ON call_watch.call_id = calls.id`+where, args...)
	if err != nil {
		return fmt.Errorf("looking for what is expected: %w", err)
	}
	return nil
}

// prefixed scans some columns before those of another scan.
type prefixed struct {
	row
	first []any
}

func (p prefixed) Scan(dest ...any) error { return p.row.Scan(append(p.first, dest...)...) }

// Unwatch says that nothing more is to come of a call.
func (s *Store) Unwatch(ctx context.Context, callID string) error {
	return s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM call_watch WHERE call_id = $1`, callID)
		return err
	})
}

// WatchAgain sets the time of the next check, and how often Twilio was asked about what is late now.
func (s *Store) WatchAgain(ctx context.Context, callID string, at time.Time, checks int) error {
	return s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `UPDATE call_watch SET next_at = $2, checks = $3 WHERE call_id = $1`,
			callID, at.UTC().Truncate(time.Microsecond), checks)
		return err
	})
}

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

// DialRival reports whether another call to the same number is being dialled at this moment: Twilio's list does not tell
// whose of the two a call is, but its callbacks soon will.
func (s *Store) DialRival(ctx context.Context, callID string) (bool, error) {
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

// NoRecording says that a call which may have been recorded was not: Twilio has no recording of it.
func (s *Store) NoRecording(ctx context.Context, callID string) error {
	return s.Note(ctx, callID, noteNoRecording, "Twilio has no recording of this call")
}

// Note appends to a call's history.
func (s *Store) Note(ctx context.Context, callID, what, detail string) error {
	return s.write(ctx, func(tx *Tx) error { return tx.note(ctx, callID, what, storable(truncated(detail, 1000))) })
}
