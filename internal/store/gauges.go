package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/i-agent/iagent/internal/interview"
)

// Gauges are what is measured in the database for metrics.
type Gauges struct {
	// Backlog is how long the oldest run that is due waits for its first or next attempt, or the oldest webhook that failed and
	// was not accepted since; the longer of the two, 0 for none.
	Backlog time.Duration
	// Oldest is the run or the webhook of which Backlog tells.
	Oldest Oldest
	// ReconcilerLag is how long ago the oldest check of a call was due that the reconciler has not begun, 0 for none.
	ReconcilerLag time.Duration
	// DeadRuns counts the runs that are failed, by function.
	DeadRuns map[interview.Function]int
	// OpenCalls counts the calls that are not over, by status.
	OpenCalls map[interview.CallStatus]int
	// Contacts counts the contacts, by state.
	Contacts map[interview.ContactState]int
	// Stops counts the stops in force: those of all campaigns by interview.ScopeAll, those of one by "campaign".
	Stops map[string]int
	// DoNotCall counts the entries of the do-not-call list.
	DoNotCall int
	// QueueJobs counts River's jobs that are not finished.
	QueueJobs map[QueueState]int
}

// Oldest is what has waited for the longest: a run that is due, or a webhook that failed and was not accepted since.
type Oldest struct {
	// Since is when it was due; the zero time says that nothing waits.
	Since time.Time
	// RunID or WebhookID names it; the other one is "".
	RunID, WebhookID string
}

// QueueState is a queue of River and a state of jobs, such as "available".
type QueueState struct{ Queue, State string }

// GaugeCursor remembers up to where all webhooks that failed were accepted since, so that they are not looked at again. Its
// zero value starts from the beginning.
// Entries of the do-not-call list are counted again when the list was changed.
type GaugeCursor struct {
	failed    string
	listed    int
	changedAt time.Time
}

// failedLate is how much later than its id says the record of a failed webhook may be committed.
const failedLate = time.Minute

// Gauges measures with a few statements that read by index and block nobody.
func (s *Store) Gauges(ctx context.Context, cursor *GaugeCursor) (Gauges, error) {
	g := Gauges{DeadRuns: map[interview.Function]int{}, OpenCalls: map[interview.CallStatus]int{}, QueueJobs: map[QueueState]int{},
		Contacts: map[interview.ContactState]int{}}
	q, now := s.read(), s.now()
	var oldest sql.NullTime
	var id string
	since := func(age *time.Duration) {
		if oldest.Valid {
			*age = max(*age, now.Sub(oldest.Time))
		}
		oldest = sql.NullTime{}
	}
	waits := func(o Oldest) {
		if o.Since = oldest.Time.UTC(); oldest.Valid && now.Sub(o.Since) > g.Backlog {
			g.Oldest = o
		}
		since(&g.Backlog)
	}
	for _, due := range []string{
		`SELECT id, created_at FROM function_runs WHERE state = 'waiting' AND not_before IS NULL AND created_at <= $1 AND NOT ` + aboutSimulated + ` ORDER BY created_at LIMIT 1`,
		`SELECT id, not_before FROM function_runs WHERE state = 'waiting' AND not_before <= $1 AND NOT ` + aboutSimulated + ` ORDER BY not_before LIMIT 1`,
	} {
		if err := firstRow(q.QueryRow(ctx, due, now), &id, &oldest); err != nil {
			return g, fmt.Errorf("measuring the backlog of runs: %w", err)
		}
		waits(Oldest{RunID: id})
	}
	id = ""
	err := firstRow(q.QueryRow(ctx, oldestFailed, cursor.failed), &id, &oldest)
	if err != nil {
		return g, fmt.Errorf("measuring the backlog of webhooks: %w", err)
	}
	waits(Oldest{WebhookID: id})
	if cursor.failed = id; id == "" {
		var start ulid.ULID
		_ = start.SetTime(ulid.Timestamp(now.Add(-failedLate))) // fits for the next 8,000 years
		cursor.failed = start.String()
	}
	if err := firstRow(q.QueryRow(ctx, `SELECT next_at FROM call_watch WHERE next_at <= $1 ORDER BY next_at LIMIT 1`, now), &oldest); err != nil {
		return g, fmt.Errorf("measuring the lag of the reconciler: %w", err)
	}
	since(&g.ReconcilerLag)
	if err := s.gateGauges(ctx, q, &g, cursor); err != nil {
		return g, err
	}
	return g, s.countGauges(ctx, q, &g)
}

// oldestFailed is the first webhook after an id that failed and was not accepted since. It says twice what outcomes it is about: the
// condition of the index is not concluded from the first.
const oldestFailed = `SELECT id, received_at FROM webhook_events WHERE outcome = 'failed' AND ` + notAccepted + ` AND id >= $1
	AND NOT EXISTS (SELECT 1 FROM webhook_dedup WHERE webhook_dedup."id" = webhook_events.event_id)
	AND NOT EXISTS (SELECT 1 FROM campaigns WHERE campaigns.id = webhook_events.campaign_id AND campaigns.simulated) ORDER BY id LIMIT 1`

// gateGauges counts stops and the do-not-call list, of which whoever changes them writes when.
func (s *Store) gateGauges(ctx context.Context, q querier, g *Gauges, cursor *GaugeCursor) error {
	stops, err := s.StopsInForce(ctx)
	if err != nil {
		return err
	}
	g.Stops = map[string]int{interview.ScopeAll: 0, "campaign": 0}
	for _, stop := range stops {
		if stop.Scope == interview.ScopeAll {
			g.Stops[interview.ScopeAll]++
		} else {
			g.Stops["campaign"]++
		}
	}
	var changed sql.NullTime
	if err := q.QueryRow(ctx, `SELECT changed_at FROM gate WHERE id = 1`).Scan(&changed); err != nil {
		return fmt.Errorf("looking when the do-not-call list was changed: %w", err)
	}
	if changed.Valid && !changed.Time.Equal(cursor.changedAt) {
		if err := q.QueryRow(ctx, `SELECT COUNT(*) FROM do_not_call`).Scan(&cursor.listed); err != nil {
			return fmt.Errorf("counting the do-not-call list: %w", err)
		}
		cursor.changedAt = changed.Time
	}
	g.DoNotCall = cursor.listed
	return nil
}

// countGauges fills in the numbers.
func (s *Store) countGauges(ctx context.Context, q querier, g *Gauges) error {
	err := collect(ctx, q, func(r row) error {
		var function interview.Function
		var n int
		err := r.Scan(&function, &n)
		g.DeadRuns[function] = n
		return err
	}, `SELECT function, COUNT(*) FROM function_runs WHERE state = 'failed' AND NOT `+aboutSimulated+` GROUP BY function`)
	if err != nil {
		return fmt.Errorf("counting dead runs: %w", err)
	}
	err = collect(ctx, q, func(r row) error {
		var status interview.CallStatus
		var n int
		err := r.Scan(&status, &n)
		g.OpenCalls[status] = n
		return err
	}, `SELECT status, COUNT(*) FROM calls WHERE live_number <> '' AND NOT simulated GROUP BY status`)
	if err != nil {
		return fmt.Errorf("counting open calls: %w", err)
	}
	err = collect(ctx, q, counting(g.Contacts), countContacts)
	if err != nil {
		return fmt.Errorf("counting contacts: %w", err)
	}
	err = collect(ctx, q, func(r row) error {
		var of QueueState
		var n int
		err := r.Scan(&of.Queue, &of.State, &n)
		g.QueueJobs[of] = n
		return err
	}, `SELECT queue, CAST(state AS TEXT), COUNT(*) FROM river_job
		WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled') GROUP BY queue, state`)
	if err != nil {
		return fmt.Errorf("counting River's jobs: %w", err)
	}
	return nil
}

// countContacts reads an index alone.
const countContacts = `SELECT state, COUNT(*) FROM contacts WHERE campaign_id NOT IN (SELECT id FROM campaigns WHERE simulated) GROUP BY state`

// firstRow scans a row that may not be there.
func firstRow(r row, dest ...any) error {
	if err := r.Scan(dest...); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return nil
}
