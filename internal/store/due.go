package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/jobs"
)

// mostDue bounds a list of due runs.
const mostDue = 500

// DueRuns lists the runs that wait for nothing more, those first that were asked for first. River knows the same by its own clock.
func (s *Store) DueRuns(ctx context.Context) ([]string, error) {
	var ids []string
	err := collect(ctx, s.read(), func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM function_runs WHERE state = 'waiting' AND (not_before IS NULL OR not_before <= $1)
		ORDER BY id LIMIT $2`, s.now(), mostDue)
	if err != nil {
		return nil, fmt.Errorf("looking for due runs: %w", err)
	}
	return ids, nil
}

// NextDue is the earliest time at which a run has its turn, or counts as lost, and the earliest at which a call is to be checked. They
// may have passed; the zero time says that there is none.
func (s *Store) NextDue(ctx context.Context) (run, check time.Time, err error) {
	for _, due := range []struct {
		query string
		after time.Duration
		next  *time.Time
	}{
		{`SELECT not_before FROM function_runs WHERE state = 'waiting' ORDER BY not_before NULLS FIRST LIMIT 1`, 0, &run},
		{`SELECT heartbeat_at FROM function_runs WHERE state = 'running' ORDER BY heartbeat_at LIMIT 1`, jobs.LostAfter + time.Microsecond, &run},
		{`SELECT next_at FROM call_watch ORDER BY next_at LIMIT 1`, 0, &check},
	} {
		var at sql.NullTime
		switch err := s.read().QueryRow(ctx, due.query).Scan(&at); {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return time.Time{}, time.Time{}, fmt.Errorf("looking for what is due next: %w", err)
		case !at.Valid: // a run that waits for nothing
			at.Time = s.now()
		}
		if at.Time = at.Time.Add(due.after).UTC(); due.next.IsZero() || at.Time.Before(*due.next) {
			*due.next = at.Time
		}
	}
	return run, check, nil
}
