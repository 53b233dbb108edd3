package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// lostRun is a run that nobody is going to call again.
type lostRun struct {
	id       string
	function interview.Function
	state    interview.RunState
	attempts int
	allowed  int
}

// RescueRuns enqueues again the runs whose process died, and those whose event started nothing in time; it returns how
// many. A run that died at its last attempt is dead: it may be what kills the process.
func (s *Store) RescueRuns(ctx context.Context) (int, error) {
	var list []lostRun
	now := s.now()
	err := collect(ctx, s.read(), func(r row) error {
		var l lostRun
		err := r.Scan(&l.id, &l.function, &l.state, &l.attempts, &l.allowed)
		list = append(list, l)
		return err
	}, `SELECT id, function, state, attempts, attempts_allowed FROM function_runs
		WHERE (state = 'running' AND heartbeat_at < $1) OR (state = 'waiting' AND begin_by < $2)
		ORDER BY id LIMIT 100`, now.Add(-jobs.LostAfter), now)
	if err != nil {
		return 0, fmt.Errorf("looking for lost runs: %w", err)
	}
	rescued := 0
	for _, l := range list {
		again, err := s.rescue(ctx, l)
		if err != nil {
			return rescued, fmt.Errorf("rescuing run %s: %w", l.id, err)
		}
		if again {
			rescued++
		}
	}
	return rescued, nil
}

// rescue enqueues one run, unless it is no longer lost.
func (s *Store) rescue(ctx context.Context, l lostRun) (again bool, err error) {
	err = s.write(ctx, func(tx *Tx) error {
		again = false
		var n int64
		var err error
		switch {
		case l.state == interview.RunWaiting:
			n, err = tx.Exec(ctx, `UPDATE function_runs SET resends = resends + 1, begin_by = NULL, last_error = $4
				WHERE id = $1 AND attempts = $2 AND state = 'waiting' AND begin_by < $3`,
				l.id, l.attempts, tx.Now, eventLost)
		case l.attempts >= l.allowed:
			_, err = tx.Exec(ctx, `UPDATE function_runs SET state = 'failed', last_error = $4, finished_at = $5
				WHERE id = $1 AND attempts = $2 AND state = 'running' AND heartbeat_at < $3`,
				l.id, l.attempts, tx.Now.Add(-jobs.LostAfter), processDied, tx.Now)
		default:
			n, err = tx.Exec(ctx, `UPDATE function_runs SET state = 'waiting', resends = resends + 1, last_error = $4
				WHERE id = $1 AND attempts = $2 AND state = 'running' AND heartbeat_at < $3`,
				l.id, l.attempts, tx.Now.Add(-jobs.LostAfter), processDied)
		}
		if err != nil || n == 0 {
			return err
		}
		again = true
		return tx.insert(ctx, []enqueued{{args: jobs.RunArgs{RunID: l.id, Function: l.function}}})
	})
	return again, err
}

const (
	processDied = "the process running it died"
	eventLost   = "the event sent to Inngest started nothing"
)
