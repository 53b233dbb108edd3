package store

import (
	"context"
	"database/sql"
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

// nextDue is the first time of each kind, in one statement.
const nextDue = `SELECT 'waiting', not_before FROM (SELECT not_before FROM function_runs WHERE state = 'waiting' ORDER BY not_before NULLS FIRST LIMIT 1) w
	UNION ALL SELECT 'running', heartbeat_at FROM (SELECT heartbeat_at FROM function_runs WHERE state = 'running' ORDER BY heartbeat_at LIMIT 1) r
	UNION ALL SELECT 'check', next_at FROM (SELECT next_at FROM call_watch ORDER BY next_at LIMIT 1) c`

// NextDue is the earliest time at which a run has its turn, or counts as lost, and the earliest at which a call is to be checked. They
// may have passed; the zero time says that there is none.
func (s *Store) NextDue(ctx context.Context) (run, check time.Time, err error) {
	err = collect(ctx, s.read(), func(r row) error {
		var kind string
		var first sql.NullTime
		if err := r.Scan(&kind, &first); err != nil {
			return err
		}
		at := first.Time.UTC()
		switch {
		case kind == "check":
			check = at
			return nil
		case kind == "running":
			at = at.Add(jobs.LostAfter + time.Microsecond)
		case !first.Valid: // a run that waits for nothing
			at = s.now()
		}
		if run.IsZero() || at.Before(run) {
			run = at
		}
		return nil
	}, nextDue)
	if err != nil {
		return time.Time{}, time.Time{}, fmt.Errorf("looking for what is due next: %w", err)
	}
	return run, check, nil
}
