package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// OverdueCheck is a call of which something may become overdue, as the reconciler sees it.
type OverdueCheck struct {
	Call interview.Call
	// What must have come by Due, or is overdue; "" when nothing more is to come.
	What interview.Overdue
	Due  time.Time
	// Checks counts how often Twilio was asked about what is overdue now.
	Checks int
	// Absences counts the answers in a row that did not list a call whose dial is unknown, the first at AbsentSince.
	Absences    int
	AbsentSince *time.Time
}

// noteAbsent and noteNoRecording are what a call's history says of things that never were.
const (
	noteAbsent      = "dial.absent"
	noteNoRecording = "recording.none"
)

// recordingSettled is whether a recording of the call is known to be over, one way or another, or never to have been.
const recordingSettled = `(EXISTS (SELECT 1 FROM recordings WHERE recordings.call_id = calls.id
	AND recordings.status IN ('completed', 'absent', 'failed', 'deleted'))
	OR EXISTS (SELECT 1 FROM call_history WHERE call_history.call_id = calls.id AND call_history.what = '` + noteNoRecording + `'))`

// beginOverdueChecks has a call checked from the given time on.
func (tx *Tx) beginOverdueChecks(ctx context.Context, callID string, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO call_watch (call_id, next_at, checks, absences) VALUES ($1, $2, 0, 0)
		ON CONFLICT (call_id) DO UPDATE SET next_at = excluded.next_at, checks = 0, absences = 0, absent_since = NULL`,
		callID, at.UTC().Truncate(time.Microsecond))
	if err != nil {
		return fmt.Errorf("scheduling a check of call %s: %w", callID, err)
	}
	return nil
}

var checkInsert = newInsert("call_watch", `ON CONFLICT (call_id) DO NOTHING`, "call_id text", "next_at timestamptz", "checks integer", "absences integer")

// resumeOverdueChecks has calls checked that may not be checked any more: that a call was answered can be told after its end.
func (b *stmtBatch) resumeOverdueChecks(callIDs []string) {
	rows := make([][]any, len(callIDs))
	for i, id := range callIDs {
		rows[i] = []any{id, b.tx.Now, 0, 0}
	}
	checkInsert.add(b, "scheduling checks of calls", rows)
}

// ClaimOverdueChecks takes calls whose next check is due, for the given time, so that no other process checks them too. It returns
// when that ends.
func (s *Store) ClaimOverdueChecks(ctx context.Context, limit int, lease time.Duration) (ids []string, leased time.Time, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		ids, leased = nil, tx.Now.Add(lease)
		return collect(ctx, tx, func(r row) error {
			var id string
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
			// Materialized: Postgres may else look for the rows again for each one, and take more than LIMIT allows.
		}, `WITH chosen AS MATERIALIZED
			(SELECT call_id FROM call_watch WHERE next_at <= $1 ORDER BY next_at LIMIT $3`+tx.store.dialect.skipLocked+`)
			UPDATE call_watch SET next_at = $2 WHERE call_id IN (SELECT call_id FROM chosen) RETURNING call_id`, tx.Now, leased, limit)
	})
	if err != nil {
		return nil, leased, fmt.Errorf("claiming calls to check: %w", err)
	}
	return ids, leased, nil
}

// ReleaseOverdueChecks makes calls due that were claimed until leased and not checked, but for those that somebody has planned anew.
func (s *Store) ReleaseOverdueChecks(ctx context.Context, callIDs []string, leased time.Time) error {
	if len(callIDs) == 0 {
		return nil
	}
	err := s.write(ctx, func(tx *Tx) error {
		condition, args := tx.in("call_id", 3, callIDs)
		_, err := tx.Exec(ctx, `UPDATE call_watch SET next_at = $1 WHERE next_at = $2 AND `+condition, append([]any{tx.Now, leased}, args...)...)
		return err
	})
	if err != nil {
		return fmt.Errorf("releasing calls that were not checked: %w", err)
	}
	return nil
}

// OverdueCheck says what a call waits for. The error is ErrNotFound when there is no such call.
func (s *Store) OverdueCheck(ctx context.Context, callID string, deadlines interview.Deadlines) (OverdueCheck, error) {
	list, err := s.overdueChecks(ctx, deadlines, ` WHERE calls.id = $1`, callID)
	if err != nil {
		return OverdueCheck{}, err
	}
	if len(list) == 0 {
		return OverdueCheck{}, fmt.Errorf("call %s: %w", callID, ErrNotFound)
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
	}, `SELECT id FROM calls WHERE created_at >= $1 AND NOT simulated ORDER BY id`, since.UTC())
	if err != nil {
		return nil, fmt.Errorf("listing calls: %w", err)
	}
	return ids, nil
}

func (s *Store) overdueChecks(ctx context.Context, deadlines interview.Deadlines, where string, args ...any) ([]OverdueCheck, error) {
	var list []OverdueCheck
	err := s.eachOverdueCheck(ctx, s.read(), deadlines, func(w OverdueCheck) { list = append(list, w) }, where, args...)
	return list, err
}

// checkedCalls chooses the calls of which something may be to come. As a join with call_watch, SQLite would look at every call.
const checkedCalls = ` WHERE calls.id IN (SELECT call_id FROM call_watch) AND NOT calls.simulated`

// selectChecked selects what a check looks at.
const selectChecked = `SELECT ` + recordingSettled + `, COALESCE(call_watch.checks, 0), COALESCE(call_watch.absences, 0), call_watch.absent_since, ` +
	selectedCalls + ` LEFT JOIN call_watch ON call_watch.call_id = calls.id`

func (s *Store) eachOverdueCheck(ctx context.Context, q querier, deadlines interview.Deadlines, each func(OverdueCheck), where string, args ...any) error {
	now := s.now()
	err := collect(ctx, q, func(r row) error {
		var w OverdueCheck
		var known interview.Known
		call, err := scanCall(prefixed{r, []any{&known.Recording, &w.Checks, &w.Absences, &w.AbsentSince}})
		if err != nil {
			return err
		}
		w.Call = call
		if what, due, ok := call.NextDue(deadlines, known, now); ok {
			w.What, w.Due = what, due
		}
		each(w)
		return nil
	}, selectChecked+where, args...)
	if err != nil {
		return fmt.Errorf("looking for what is overdue: %w", err)
	}
	return nil
}

// prefixed scans some columns before those of another scan.
type prefixed struct {
	row
	first []any
}

func (p prefixed) Scan(dest ...any) error { return p.row.Scan(append(p.first, dest...)...) }

// EndOverdueChecks ends the checks of a call: nothing more is to come of it.
func (s *Store) EndOverdueChecks(ctx context.Context, callID string) error {
	return s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM call_watch WHERE call_id = $1`, callID)
		return err
	})
}

// SetOverdueCheck sets the time of the next check, and how often Twilio was asked about what is overdue now.
func (s *Store) SetOverdueCheck(ctx context.Context, callID string, at time.Time, checks int) error {
	return s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `UPDATE call_watch SET next_at = $2, checks = $3 WHERE call_id = $1`,
			callID, at.UTC().Truncate(time.Microsecond), checks)
		return err
	})
}

// NoRecording says that a call which may have been recorded was not: Twilio has no recording of it.
func (s *Store) NoRecording(ctx context.Context, callID string) error {
	return s.Note(ctx, callID, noteNoRecording, "Twilio has no recording of this call")
}

// Note appends to a call's history.
func (s *Store) Note(ctx context.Context, callID, what, detail string) error {
	return s.write(ctx, func(tx *Tx) error { return tx.note(ctx, callID, what, storable(truncated(detail, 1000))) })
}
