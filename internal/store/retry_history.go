package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// NoteRetried is what the history of a call says of a run of it that was dead and that somebody had tried again: its detail begins with
// the function.
const NoteRetried = "run.retried"

// retrier says who retries runs, and why.
type retrier struct {
	actor, reason string
	// job is the bulk job in which it is done, "" for none.
	job string
}

// retriedRun is a run as it was when it was dead.
type retriedRun struct {
	id        string
	function  interview.Function
	subject   string // a call, or a hypothesis
	attempts  int
	lastError string
}

// noteRetries keeps in the histories of calls that runs of theirs are tried again. A run about something else is in the audit log alone.
func (tx *Tx) noteRetries(ctx context.Context, runs []retriedRun, who retrier) error {
	subjects := make([]string, len(runs))
	for i, run := range runs {
		subjects[i] = run.subject
	}
	calls := map[string]bool{}
	condition, args := tx.in("id", 1, subjects)
	err := collect(ctx, tx, func(r row) error {
		var id string
		err := r.Scan(&id)
		calls[id] = true
		return err
	}, `SELECT id FROM calls WHERE `+condition, args...)
	if err != nil {
		return fmt.Errorf("looking for the calls of runs: %w", err)
	}
	slices.SortFunc(runs, func(a, b retriedRun) int { return cmp.Compare(a.id, b.id) })
	var rows [][]any
	for _, run := range runs {
		if calls[run.subject] {
			rows = append(rows, []any{tx.newID(), run.subject, tx.Now, NoteRetried, storable(run.words(who))})
		}
	}
	stmts := tx.newStmtBatch()
	historyInsert.add(stmts, "keeping that runs were retried", rows)
	return stmts.run(ctx)
}

// words say how a run failed, and who had it tried again.
func (run retriedRun) words(who retrier) string {
	var b strings.Builder
	attempts := fmt.Sprintf("%d attempts", run.attempts)
	if run.attempts == 1 {
		attempts = "1 attempt"
	}
	fmt.Fprintf(&b, "%s (run %s) had failed for good after %s", run.function, run.id, attempts)
	if run.lastError != "" {
		b.WriteString(": " + run.lastError)
	}
	b.WriteString("; retried")
	if who.actor != "" {
		b.WriteString(" by " + auditText(who.actor))
	}
	if who.job != "" {
		b.WriteString(" in bulk job " + who.job)
	}
	if who.reason != "" {
		b.WriteString(": " + auditText(who.reason))
	}
	return b.String()
}

// RetriesOfRun are the lines of a call's history that tell of the retries of a run of it, the oldest first.
func (s *Store) RetriesOfRun(ctx context.Context, callID, runID string) ([]HistoryEntry, error) {
	var out []HistoryEntry
	err := collect(ctx, s.read(), func(r row) error {
		e := HistoryEntry{What: NoteRetried}
		err := r.Scan(&e.At, &e.Detail)
		if strings.Contains(e.Detail, " (run "+runID+") ") {
			out = append(out, e)
		}
		return err
	}, `SELECT at, detail FROM call_history WHERE call_id = $1 AND what = $2 ORDER BY at, id`, callID, NoteRetried)
	if err != nil {
		return nil, fmt.Errorf("loading the retries of run %s: %w", runID, err)
	}
	return out, nil
}
