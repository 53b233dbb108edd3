package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// DeadRunFilter chooses dead runs; an empty field asks for nothing.
type DeadRunFilter struct {
	Function interview.Function
	// Error is a part of [LedgerRun].LastError, in any case: a class such as "transient", a status, a code.
	Error string
	// LastError is the whole of it.
	LastError string
	// CallID chooses the runs of one call.
	CallID string
	// Since and Until bound when the runs died. Until itself is left out.
	Since, Until time.Time
	// CreatedSince and CreatedUntil bound when they were created, as a [RunFilter] does.
	CreatedSince, CreatedUntil time.Time
}

func (by DeadRunFilter) conditions() filter {
	f := filter{conditions: []string{"state = 'failed'"}}
	f.equalWord("function", string(by.Function))
	f.equal("subject", by.CallID)
	f.equal("last_error", by.LastError)
	if by.Error != "" {
		escaped := strings.NewReplacer(`!`, `!!`, `%`, `!%`, `_`, `!_`).Replace(strings.ToLower(by.Error))
		f.conditions = append(f.conditions, "LOWER(last_error) LIKE "+f.arg("%"+escaped+"%")+" ESCAPE '!'")
	}
	if !by.Since.IsZero() {
		f.compare("finished_at", ">=", by.Since.UTC())
	}
	if !by.Until.IsZero() {
		f.compare("finished_at", "<", by.Until.UTC())
	}
	f.between("function_runs", "created_at", by.CreatedSince, by.CreatedUntil, 0)
	return f
}

// DeadRunGroup are the dead runs of a function with the same error.
type DeadRunGroup struct {
	Function  interview.Function
	LastError string
	Count     int
}

// DeadRunGroups are the largest groups of dead runs, at most limit of them.
func (s *Store) DeadRunGroups(ctx context.Context, limit int) ([]DeadRunGroup, error) {
	var groups []DeadRunGroup
	err := collect(ctx, s.read(), func(r row) error {
		var g DeadRunGroup
		err := r.Scan(&g.Function, &g.LastError, &g.Count)
		groups = append(groups, g)
		return err
	}, `SELECT function, last_error, COUNT(*) FROM function_runs WHERE state = 'failed'
		GROUP BY function, last_error ORDER BY COUNT(*) DESC, function, last_error LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("grouping dead runs: %w", err)
	}
	return groups, nil
}

// DeadRunPlan says which dead runs a retry would be about.
type DeadRunPlan struct {
	Count     int
	Functions map[interview.Function]int
	// Sample are the first that were created.
	Sample []LedgerRun
}

// DeadRuns counts dead runs and returns the first of them, at most sample.
func (s *Store) DeadRuns(ctx context.Context, by DeadRunFilter, sample int) (DeadRunPlan, error) {
	plan := DeadRunPlan{Functions: map[interview.Function]int{}, Sample: []LedgerRun{}}
	err := s.snapshot(ctx, func(q querier) error {
		f := by.conditions()
		err := collect(ctx, q, func(r row) error {
			var function interview.Function
			var n int
			err := r.Scan(&function, &n)
			plan.Functions[function] = n
			plan.Count += n
			return err
		}, `SELECT function, COUNT(*) FROM function_runs`+f.where()+` GROUP BY function`, f.args...)
		if err != nil {
			return err
		}
		where := f.where()
		return collect(ctx, q, func(r row) error {
			run, err := scanRun(r)
			plan.Sample = append(plan.Sample, run)
			return err
		}, selectRuns+where+` ORDER BY id LIMIT `+f.arg(sample), f.args...)
	})
	if err != nil {
		return plan, fmt.Errorf("looking for dead runs: %w", err)
	}
	return plan, nil
}

// retryAtOnce bounds the runs that one transaction retries, so that other writers need not wait for long.
const retryAtOnce = 100

// RetryRuns is RetryRun for many runs, at most limit of them, in transactions of some each, in the order in which they were
// created; no run is retried twice by one call. It returns how many there were, also with an error; what is left is still dead
// then. progress, if set, is called with the count so far after each transaction.
func (s *Store) RetryRuns(ctx context.Context, by DeadRunFilter, limit int, reason string, progress func(done int)) (int, error) {
	done, last := 0, ""
	for done < limit {
		var ids []string
		err := s.write(ctx, func(tx *Tx) (err error) {
			var counts map[string]int
			who := retrier{actor: interview.ActorOf(ctx), reason: reason}
			if ids, counts, err = tx.retryRuns(ctx, by, last, min(limit-done, retryAtOnce), who); err != nil || len(ids) == 0 {
				return err
			}
			return tx.recordAudit(ctx, interview.AuditEntry{Action: interview.AuditRetryRun, Reason: reason,
				Detail: map[string]any{"runs": len(ids), "functions": counts, "error": by.Error, "first": ids[0], "last": ids[len(ids)-1]}})
		})
		if err != nil {
			return done, fmt.Errorf("retrying dead runs, %d so far: %w", done, err)
		}
		if len(ids) == 0 {
			break
		}
		done, last = done+len(ids), ids[len(ids)-1]
		if progress != nil {
			progress(done)
		}
	}
	return done, nil
}

// retryRuns retries the next dead runs, those whose ids come after last, and returns their ids in order and how many are of each
// function. One whose row another transaction holds is being retried or ended by that, and is left out. The history of a call has who
// retried each of its runs.
func (tx *Tx) retryRuns(ctx context.Context, by DeadRunFilter, last string, limit int, who retrier) (ids []string, counts map[string]int, err error) {
	f := by.conditions()
	f.compare("id", ">", last)
	where := f.where()
	attempts, most := f.arg(jobs.MaxAttempts), f.arg(limit)
	functions, counts := map[string]interview.Function{}, map[string]int{}
	var runs []retriedRun
	err = collect(ctx, tx, func(r row) error {
		var run retriedRun
		err := r.Scan(&run.id, &run.function, &run.subject, &run.attempts, &run.lastError)
		ids, functions[run.id], runs = append(ids, run.id), run.function, append(runs, run)
		counts[string(run.function)]++
		return err
		// Materialized: Postgres may else look for the rows again for each one, and take more than LIMIT allows.
	}, `WITH chosen AS MATERIALIZED (SELECT id FROM function_runs`+where+` ORDER BY id LIMIT `+most+tx.store.dialect.skipLocked+`)
		UPDATE function_runs SET `+retried(attempts)+` WHERE state = 'failed' AND id IN (SELECT id FROM chosen) RETURNING id, function, subject, attempts, last_error`, f.args...)
	if err != nil || len(ids) == 0 {
		return nil, nil, err
	}
	if err := tx.noteRetries(ctx, runs, who); err != nil {
		return nil, nil, err
	}
	slices.Sort(ids)
	again := make([]enqueued, len(ids))
	for i, id := range ids {
		again[i] = enqueued{args: jobs.RunArgs{RunID: id, Function: functions[id]}}
	}
	return ids, counts, tx.insert(ctx, again)
}

// retried is what a retry changes of a dead run, whose attempts are the argument of that placeholder.
func retried(attempts string) string {
	return `state = 'waiting', attempts_allowed = attempts + ` + attempts + `, resends = resends + 1, begin_by = NULL, not_before = NULL,
		heartbeat_at = NULL, finished_at = NULL, failing_since = NULL`
}
