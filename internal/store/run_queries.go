package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// ErrRunNotFailed says that a run cannot be retried: it is not dead.
var ErrRunNotFailed = errors.New("only a failed run can be retried")

// LedgerRun is a run as the ledger keeps it.
type LedgerRun struct {
	ID       string
	Function interview.Function
	Key      string
	State    interview.RunState
	Args     json.RawMessage
	// Cause is what asked for the run: the id of an event or of another run, or "api".
	Cause string
	// Attempts counts all attempts, AttemptsAllowed is where the run is given up.
	Attempts, AttemptsAllowed int
	// LastError is why the last attempt failed or waits, "" when it did neither.
	LastError string
	// Words are what a service said when the run failed last, "" for nothing, or when its call was erased. Only LedgerRun
	// loads them: they may quote a person.
	Words string
	// NotBefore is what a waiting run waits for, nil for nothing.
	NotBefore  *time.Time
	CreatedAt  time.Time
	StartedAt  *time.Time // the last attempt
	FinishedAt *time.Time // done or failed
}

// RunFilter chooses runs; an empty field asks for nothing.
type RunFilter struct {
	Function interview.Function
	State    interview.RunState
	// CallID chooses the runs that are about a call.
	CallID string
	// Error is a part of the last error, in upper or lower case.
	Error string
	// LastError is the whole of the last error.
	LastError string
	// Since and Until bound when the run was created: from Since on, before Until.
	Since, Until time.Time
}

const selectRuns = `SELECT id, function, key, state, args, cause, attempts, attempts_allowed, last_error, not_before,
	created_at, started_at, finished_at FROM function_runs`

func scanRun(r row) (LedgerRun, error) {
	var l LedgerRun
	var args string
	err := r.Scan(&l.ID, &l.Function, &l.Key, &l.State, &args, &l.Cause, &l.Attempts, &l.AttemptsAllowed, &l.LastError,
		&l.NotBefore, &l.CreatedAt, &l.StartedAt, &l.FinishedAt)
	l.Args = json.RawMessage(args)
	return l, err
}

func (by RunFilter) conditions() filter {
	var f filter
	f.equalWord("function", string(by.Function))
	f.equalWord("state", string(by.State))
	f.equal("subject", by.CallID)
	f.contains("last_error", by.Error)
	if by.LastError != "" {
		f.conditions = append(f.conditions, "last_error <> ''") // as its index says it
		f.equal("last_error", by.LastError)
	}
	f.between("function_runs", "created_at", by.Since, by.Until, 0)
	return f
}

// Runs lists runs, newest first.
func (s *Store) Runs(ctx context.Context, by RunFilter, page Page) (List[LedgerRun], error) {
	runs, err := list(ctx, s.read(), selectRuns, "function_runs", by.conditions(), page, scanRun, func(l LedgerRun) string { return l.ID })
	if err != nil {
		return runs, fmt.Errorf("listing runs: %w", err)
	}
	return runs, nil
}

// LedgerRun returns one run. ErrNotFound when there is none.
func (s *Store) LedgerRun(ctx context.Context, id string) (LedgerRun, error) {
	l, err := loadRun(ctx, s.read(), id)
	if err != nil {
		return l, err
	}
	err = s.read().QueryRow(ctx, `SELECT words FROM run_errors WHERE run_id = $1`, id).Scan(&l.Words)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return l, fmt.Errorf("loading the error of run %s: %w", id, err)
	}
	return l, nil
}

func loadRun(ctx context.Context, q querier, id string) (LedgerRun, error) {
	l, err := scanRun(q.QueryRow(ctx, selectRuns+` WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return l, fmt.Errorf("run %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return l, fmt.Errorf("loading run %s: %w", id, err)
	}
	return l, nil
}

// RunRetries are the retries of runs, the oldest first, as the audit log has them. Those of a bulk job are not among them: its one
// entry names no runs; the histories of their calls do (NoteRetried).
func (s *Store) RunRetries(ctx context.Context, runs []string) (retries []Audited, err error) {
	if len(runs) == 0 {
		return nil, nil
	}
	condition, args := in(s.dialect, "subject", 1, runs)
	err = collect(ctx, s.read(), func(r row) error {
		entry, err := scanAudited(r)
		retries = append(retries, entry)
		return err
	}, `SELECT id, at, actor, action, subject, reason, detail FROM audit_log WHERE `+condition+` AND action = '`+interview.AuditRetryRun+`' ORDER BY id LIMIT `+
		strconv.Itoa(maxRunRetries), args...)
	if err != nil {
		return nil, fmt.Errorf("loading the retries of %d runs: %w", len(runs), err)
	}
	return retries, nil
}

// maxRunRetries bounds what RunRetries loads.
const maxRunRetries = 100

// RetryRun gives a dead run as many attempts again and enqueues it, under the same key. ErrRunNotFailed when it is not
// dead; ErrNotFound when there is none.
func (s *Store) RetryRun(ctx context.Context, id string) (LedgerRun, error) {
	var run LedgerRun
	err := s.write(ctx, func(tx *Tx) error {
		dead, err := loadRun(ctx, tx, id)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE function_runs SET `+retried("$2")+` WHERE id = $1 AND state = 'failed'`, id, jobs.MaxAttempts)
		if err != nil {
			return err
		}
		if run, err = loadRun(ctx, tx, id); err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("run %s is %s: %w", id, run.State, ErrRunNotFailed)
		}
		if err := tx.insert(ctx, []enqueued{{args: jobs.RunArgs{RunID: id, Function: run.Function}}}); err != nil {
			return err
		}
		detail := map[string]any{"function": run.Function, "attempts": run.Attempts, "lastError": run.LastError}
		if dead.FinishedAt != nil {
			detail["failedAt"] = dead.FinishedAt.UTC().Truncate(time.Millisecond) // the run keeps only its newest end
		}
		was := retriedRun{id: id, function: dead.Function, attempts: dead.Attempts, lastError: dead.LastError}
		if err := tx.QueryRow(ctx, `SELECT subject FROM function_runs WHERE id = $1`, id).Scan(&was.subject); err != nil {
			return err
		}
		if err := tx.noteRetries(ctx, []retriedRun{was}, retrier{actor: interview.ActorOf(ctx)}); err != nil {
			return err
		}
		return tx.recordAudit(ctx, interview.AuditEntry{Action: interview.AuditRetryRun, Subject: id, Detail: detail})
	})
	if err != nil {
		return run, fmt.Errorf("retrying run %s: %w", id, err)
	}
	return run, nil
}
