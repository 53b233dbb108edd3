package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/jobs"
)

// UnsentRun returns a waiting run that has no event out, and whether there is one.
func (s *Store) UnsentRun(ctx context.Context, runID string) (jobs.Unsent, bool, error) {
	var u jobs.Unsent
	var args string
	err := s.read().QueryRow(ctx, `SELECT id, function, key, attempts, attempts_allowed, args, resends,
			(SELECT COUNT(*) FROM function_runs other WHERE other.begin_by IS NOT NULL AND other.state = 'waiting'
				AND other.function = run.function)
		FROM function_runs run WHERE id = $1 AND state = 'waiting' AND begin_by IS NULL`, runID).
		Scan(&u.Run.ID, &u.Run.Function, &u.Run.Key, &u.Run.Attempt, &u.Run.AttemptsAllowed, &args, &u.Resends, &u.Backlog)
	if errors.Is(err, sql.ErrNoRows) {
		return u, false, nil
	}
	if err != nil {
		return u, false, fmt.Errorf("loading run %s: %w", runID, err)
	}
	u.Run.Args = json.RawMessage(args)
	return u, true, nil
}

// EventSent notes that the event of a run is out. A run that it has started already, or that asked for another event
// meanwhile, is left alone. An event whose sending began before Inngest is known to have had the functions counts as lost:
// ResendRuns may have looked for such events before this one was noted. The lock makes one of the two see the other.
func (s *Store) EventSent(ctx context.Context, sent jobs.Unsent, sentAt, beginBy time.Time) error {
	err := s.write(ctx, func(tx *Tx) error {
		var lostBefore *time.Time
		err := tx.QueryRow(ctx, `SELECT events_lost_before FROM inngest_state WHERE id = 1`+s.dialect.lockShared).Scan(&lostBefore)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE function_runs SET begin_by = $3, event_sent_at = $5
			WHERE id = $1 AND resends = $2 AND attempts = $4 AND state = 'waiting' AND begin_by IS NULL`,
			sent.Run.ID, sent.Resends, nullTime(beginBy), sent.Run.Attempt, sentAt)
		if err != nil || lostBefore == nil || !sentAt.Before(*lostBefore) {
			return err
		}
		_, err = tx.takeBackEvents(ctx, sent.Run.ID, *lostBefore, "")
		return err
	})
	if err != nil {
		return fmt.Errorf("noting the event of run %s: %w", sent.Run.ID, err)
	}
	return nil
}

// EventNotSent keeps why the event of a run could not be sent.
func (s *Store) EventNotSent(ctx context.Context, unsent jobs.Unsent, reason string) error {
	err := s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `UPDATE function_runs SET last_error = $3
			WHERE id = $1 AND resends = $2 AND state = 'waiting' AND begin_by IS NULL`,
			unsent.Run.ID, unsent.Resends, storable(truncated(reason, 1000)))
		return err
	})
	if err != nil {
		return fmt.Errorf("noting the unsent event of run %s: %w", unsent.Run.ID, err)
	}
	return nil
}

// HasOtherEvent reports whether another event was asked for since the one that was sent after so many others.
func (s *Store) HasOtherEvent(ctx context.Context, runID string, resends int) (bool, error) {
	var asked int
	err := s.read().QueryRow(ctx, `SELECT resends FROM function_runs WHERE id = $1`, runID).Scan(&asked)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("loading run %s: %w", runID, err)
	}
	return asked > resends, nil
}
