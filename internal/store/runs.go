package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// enqueue writes the jobs into the ledger and, those that were not there yet, into River. cause says what asked for
// them: the id of a webhook event, of a run, or "api".
func (tx *Tx) enqueue(ctx context.Context, cause string, list []interview.Job) error {
	var fresh []enqueued
	for _, job := range list {
		if there, err := tx.hasRun(ctx, job); err != nil || there {
			if err != nil {
				return err
			}
			continue
		}
		args, err := json.Marshal(job.Args)
		if err != nil {
			return fmt.Errorf("arguments of %s: %w", job.Function, err)
		}
		id := tx.newID()
		n, err := tx.Exec(ctx, `INSERT INTO function_runs
			(id, function, key, state, args, cause, attempts, last_error, not_before, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, 0, '', $7, $8) ON CONFLICT (function, key) DO NOTHING`,
			id, string(job.Function), job.Key, string(interview.RunWaiting), string(args), cause,
			nullTime(job.NotBefore), tx.Now)
		if err != nil {
			return fmt.Errorf("ledger entry of %s: %w", job.Function, err)
		}
		if n == 1 {
			fresh = append(fresh, enqueued{jobs.RunArgs{RunID: id, Function: job.Function}, job.NotBefore})
		}
	}
	return tx.insert(ctx, fresh)
}

// hasRun reports whether a job that may be asked for more than once is in the ledger already. To insert it again would change
// nothing, but wait for whoever is ending its run, who holds its row and may wait for the call's, which this transaction
// holds.
func (tx *Tx) hasRun(ctx context.Context, job interview.Job) (bool, error) {
	switch job.Function {
	case interview.DeleteRecording, interview.EndCall, interview.CancelCall:
	default:
		return false, nil
	}
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM function_runs WHERE function = $1 AND key = $2`, string(job.Function), job.Key).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("looking for %s: %w", job.Function, err)
	}
	return n > 0, nil
}

func (tx *Tx) insert(ctx context.Context, runs []enqueued) error {
	if len(runs) == 0 {
		return nil
	}
	err := tx.store.span(ctx, func(ctx context.Context) error {
		return tx.store.around(func() error { return tx.store.inserter.insert(ctx, tx, runs) })
	}, "INSERT INTO river_job")
	if err != nil {
		return fmt.Errorf("enqueueing: %w", err)
	}
	return nil
}

// StartRun takes the run for this process: one attempt more, and a heartbeat. A run whose process died is taken over.
func (s *Store) StartRun(ctx context.Context, runID string) (interview.Run, jobs.Started, error) {
	run, started := interview.Run{ID: runID}, jobs.RunOver
	err := s.write(ctx, func(tx *Tx) error {
		var args string
		var cause *string
		err := tx.QueryRow(ctx, `UPDATE function_runs
			SET state = 'running', attempts = attempts + 1, heartbeat_at = $2, started_at = $2, not_before = NULL, begin_by = NULL
			WHERE id = $1 AND (state = 'waiting' OR (state = 'running' AND heartbeat_at < $3))
			RETURNING function, key, attempts, attempts_allowed, failing_since, args, CASE WHEN function = '`+string(interview.ValidateClaim)+`'
				THEN (SELECT by.args FROM function_runs AS by WHERE by.id = function_runs.cause) END`, runID, tx.Now, tx.Now.Add(-jobs.LostAfter)).
			Scan(&run.Function, &run.Key, &run.Attempt, &run.AttemptsAllowed, &run.FailingSince, &args, &cause)
		if err == nil {
			run.Args, started = json.RawMessage(args), jobs.RunStarted
			if cause != nil {
				run.CausedBy = interview.Run{Args: json.RawMessage(*cause)}.Call()
			}
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var state string
		err = tx.QueryRow(ctx, `SELECT state FROM function_runs WHERE id = $1`, runID).Scan(&state)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if state == string(interview.RunRunning) {
			started = jobs.RunElsewhere
		}
		return err
	})
	if err != nil {
		return run, started, fmt.Errorf("starting run %s: %w", runID, err)
	}
	return run, started, nil
}

// Heartbeat says that the attempt is alive. jobs.ErrLostRun when it is no longer the running one.
func (s *Store) Heartbeat(ctx context.Context, run interview.Run) error {
	return s.write(ctx, func(tx *Tx) error {
		return tx.fence(ctx, run, `UPDATE function_runs SET heartbeat_at = $3
			WHERE id = $1 AND attempts = $2 AND state = 'running'`, tx.Now)
	})
}

// EndRun marks an attempt that left its run open as done.
func (s *Store) EndRun(ctx context.Context, run interview.Run) error {
	return s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, endRun, run.ID, run.Attempt, tx.Now)
		return err
	})
}

const endRun = `UPDATE function_runs SET state = 'done', last_error = '', finished_at = $3
	WHERE id = $1 AND attempts = $2 AND state = 'running'`

// finish ends the run in the transaction of its effects.
func (tx *Tx) finish(ctx context.Context, run interview.Run) error {
	return tx.fence(ctx, run, endRun, tx.Now)
}

// guard locks the run's row and makes sure that the attempt is still the running one.
func (tx *Tx) guard(ctx context.Context, run interview.Run) error {
	return tx.fence(ctx, run, `UPDATE function_runs SET heartbeat_at = $3
		WHERE id = $1 AND attempts = $2 AND state = 'running'`, tx.Now)
}

func (tx *Tx) fence(ctx context.Context, run interview.Run, statement string, args ...any) error {
	n, err := tx.Exec(ctx, statement, append([]any{run.ID, run.Attempt}, args...)...)
	if err != nil {
		return fmt.Errorf("ledger entry of run %s: %w", run.ID, err)
	}
	if n == 0 {
		return jobs.ErrLostRun
	}
	tx.run = run.ID
	return nil
}

// PostponeRun puts the attempt back to waiting. An attempt that does not count is given back; one that failed for a service
// that is away moves on where the run is given up. An attempt that only waits shows that it is not this run that kills processes: it
// has all attempts again, or a call that waits for days would be given up for some restarts.
func (s *Store) PostponeRun(ctx context.Context, run interview.Run, p jobs.Postponement) error {
	back, resends, more := 1, 0, 0
	if p.Counts {
		back = 0
	}
	if p.Resend {
		resends = 1
	}
	if p.Transient {
		more = 1
	}
	return s.write(ctx, func(tx *Tx) error {
		failing := run.FailingSince
		switch {
		case p.Waited:
			failing = nil
		case p.Transient && failing == nil:
			failing = &tx.Now
		}
		err := tx.fence(ctx, run, `UPDATE function_runs
			SET state = 'waiting', attempts = attempts - $3, last_error = $4, not_before = $5, resends = resends + $6, begin_by = $7,
				attempts_allowed = CASE WHEN $10 AND last_error = '`+processDied+`' AND attempts_allowed < attempts - $3 + $11
					THEN attempts - $3 + $11 ELSE attempts_allowed + $8 END, failing_since = $9
			WHERE id = $1 AND attempts = $2 AND state = 'running'`,
			back, storable(p.Reason), nullTime(p.Until), resends, nullTime(p.BeginBy), more, pointedTime(failing), p.Waited, jobs.MaxAttempts)
		if err != nil || !p.Resend {
			return err
		}
		again := enqueued{args: jobs.RunArgs{RunID: run.ID, Function: run.Function}}
		if p.Until.After(tx.Now) { // River looks only every few seconds for what is scheduled
			again.notBefore = p.Until
		}
		return tx.insert(ctx, []enqueued{again})
	})
}

// FailRun ends the run for good: it is dead until somebody retries it.
func (s *Store) FailRun(ctx context.Context, run interview.Run, reason string) error {
	return s.write(ctx, func(tx *Tx) error {
		return tx.fence(ctx, run, `UPDATE function_runs SET state = 'failed', last_error = $3, finished_at = $4
			WHERE id = $1 AND attempts = $2 AND state = 'running'`, storable(reason), tx.Now)
	})
}

func nullTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Work counts what is not over yet.
type Work struct {
	// Calls have no terminal status, Runs are waiting or running.
	Calls, Runs int
}

// OpenWork counts what is not over yet.
func (s *Store) OpenWork(ctx context.Context) (Work, error) {
	var w Work
	err := s.read().QueryRow(ctx, `SELECT
		(SELECT COUNT(*) FROM calls WHERE ended_as = ''),
		(SELECT COUNT(*) FROM function_runs WHERE state IN ('waiting', 'running'))`).Scan(&w.Calls, &w.Runs)
	if err != nil {
		return w, fmt.Errorf("counting open work: %w", err)
	}
	return w, nil
}
