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

// DueRuns lists the runs whose turn it is, those first that were asked for first: those that wait for nothing more, and those whose
// process died. River knows the same by its own clock.
func (s *Store) DueRuns(ctx context.Context) ([]string, error) {
	var ids []string
	now := s.now()
	err := collect(ctx, s.read(), func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM function_runs WHERE (state = 'waiting' AND (not_before IS NULL OR not_before <= $1))
		OR (state = 'running' AND heartbeat_at < $2) ORDER BY id LIMIT $3`, now, now.Add(-jobs.LostAfter), mostDue)
	if err != nil {
		return nil, fmt.Errorf("looking for due runs: %w", err)
	}
	return ids, nil
}

// NextDue is the earliest time at which a run has its turn or a call is to be checked; it may have passed. False when there is none.
func (s *Store) NextDue(ctx context.Context) (next time.Time, some bool, err error) {
	for _, due := range []struct {
		query string
		after time.Duration
	}{
		{`SELECT not_before FROM function_runs WHERE state = 'waiting' ORDER BY not_before NULLS FIRST LIMIT 1`, 0},
		{`SELECT heartbeat_at FROM function_runs WHERE state = 'running' ORDER BY heartbeat_at LIMIT 1`, jobs.LostAfter + time.Microsecond},
		{`SELECT next_at FROM call_watch ORDER BY next_at LIMIT 1`, 0},
	} {
		var at sql.NullTime
		switch err := s.read().QueryRow(ctx, due.query).Scan(&at); {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return time.Time{}, false, fmt.Errorf("looking for what is due next: %w", err)
		case !at.Valid: // a run that waits for nothing
			return s.now(), true, nil
		}
		if at.Time = at.Time.Add(due.after).UTC(); !some || at.Time.Before(next) {
			next, some = at.Time, true
		}
	}
	return next, some, nil
}
