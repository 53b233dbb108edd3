package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// Snapshot reads what package verify checks. All of it sees one state of the database, so that what happens meanwhile is not
// taken for a fault. It writes nothing.
type Snapshot struct {
	q       querier
	dialect dialect
	// Now is when the state was read.
	Now time.Time
}

// Snapshot calls f with one state of the database. The state is held until f returns; between two statements f must not
// take longer than some seconds.
func (s *Store) Snapshot(ctx context.Context, f func(s *Snapshot) error) error {
	return s.snapshot(ctx, func(q querier) error { return f(&Snapshot{q: q, dialect: s.dialect, Now: s.now()}) })
}

// SnapshotCounts says how much there is.
type SnapshotCounts struct {
	Accepted, Conflicts, Failed, Refused int
	// Forced are decisions that an operator had made again on accepted events.
	Forced int
	// Duplicates are deliveries of an event beyond its first.
	Duplicates int
	// Reconciled are accepted events that never arrived as webhooks; Pruned are those whose payload is not kept any more.
	Reconciled, Pruned int
	// EventIDs are the rows of webhook_dedup, LegacyIDs those from before this program.
	EventIDs, LegacyIDs      int
	Calls, OpenCalls         int
	Recordings, Transcribed  int
	Utterances               int
	Claims, Verdicts         int
	Runs, OpenRuns, DeadRuns int
}

// Counts counts what there is since a time; an event id from before legacyBefore counts as legacy when it has no event.
func (s *Snapshot) Counts(ctx context.Context, since, legacyBefore time.Time) (SnapshotCounts, error) {
	var c SnapshotCounts
	since, legacyBefore = since.UTC(), legacyBefore.UTC()
	// A payload that failed again has the id of its first failure.
	failedAgain := ""
	if !since.IsZero() {
		failedAgain = ` UNION ALL SELECT outcome, duplicates, source, body IS NULL FROM webhook_events
			WHERE ` + notAccepted + ` AND outcome = 'failed' AND id < $first AND received_at >= $1`
	}
	for _, part := range []struct {
		statement string
		args      []any
		into      []any
	}{
		{`SELECT COALESCE(SUM(CASE WHEN outcome = 'accepted' THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN outcome = 'conflict' THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN outcome = 'refused' THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN outcome = 'forced' THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN outcome = 'accepted' THEN duplicates ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN outcome = 'accepted' AND source = 'reconciled' THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN outcome = 'accepted' AND bodiless THEN 1 ELSE 0 END), 0)
			FROM (SELECT outcome, duplicates, source, body IS NULL AS bodiless FROM webhook_events WHERE received_at >= $1 AND id >= $first` + failedAgain + `) AS counted`, []any{since},
			[]any{&c.Accepted, &c.Conflicts, &c.Failed, &c.Refused, &c.Forced, &c.Duplicates, &c.Reconciled, &c.Pruned}},
		{`SELECT COUNT(*), COALESCE(SUM(CASE WHEN e.id IS NULL AND d."receivedAt" < $2 THEN 1 ELSE 0 END), 0)
			FROM webhook_dedup d LEFT JOIN webhook_events e ON e.event_id = d."id" AND e.outcome = 'accepted'
			WHERE d."receivedAt" >= $1`, []any{since, legacyBefore}, []any{&c.EventIDs, &c.LegacyIDs}},
		{`SELECT COUNT(*), COALESCE(SUM(CASE WHEN status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED')
			THEN 0 ELSE 1 END), 0) FROM calls WHERE created_at >= $1 AND id >= $first`, []any{since}, []any{&c.Calls, &c.OpenCalls}},
		{`SELECT COUNT(*), COUNT(transcribed_at) FROM recordings WHERE created_at >= $1`, []any{since},
			[]any{&c.Recordings, &c.Transcribed}},
		{`SELECT COUNT(*) FROM utterances JOIN calls ON calls.id = utterances.call_id WHERE calls.created_at >= $1 AND calls.id >= $first`,
			[]any{since}, []any{&c.Utterances}},
		{`SELECT COUNT(*) FROM claims WHERE created_at >= $1`, []any{since}, []any{&c.Claims}},
		{`SELECT COUNT(*) FROM verdicts WHERE created_at >= $1`, []any{since}, []any{&c.Verdicts}},
		{`SELECT COUNT(*), COALESCE(SUM(CASE WHEN state IN ('waiting', 'running') THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0) FROM function_runs WHERE created_at >= $1 AND id >= $first`,
			[]any{since}, []any{&c.Runs, &c.OpenRuns, &c.DeadRuns}},
	} {
		if err := s.q.QueryRow(ctx, sinceFirst(part.statement, since), part.args...).Scan(part.into...); err != nil {
			return c, fmt.Errorf("counting: %w", err)
		}
	}
	return c, nil
}

// SnapshotEvent is an event that was accepted or forced, as it was decided.
type SnapshotEvent struct {
	// Row is the event's row.
	Row   string
	Event inbox.Event
	// Bodiless says that the payload is not kept any more; Event.Form has then at most the CallSid.
	Bodiless bool
	// Forced says that the event was decided again after it had been accepted; see [Processor.Replay].
	Forced bool
}

// SnapshotRun is a run of the ledger and what asked for it.
type SnapshotRun struct {
	ID       string
	Function interview.Function
	Key      string
	Cause    string
}

// SnapshotCall is a call with everything that it should be the consequence of.
type SnapshotCall struct {
	Call interview.Call
	// CampaignChangedAt is when somebody changed the campaign last, or created it.
	CampaignChangedAt time.Time
	// Events are the accepted and the forced ones, by row.
	Events     []SnapshotEvent
	History    []HistoryEntry
	Recordings []interview.Recording
	Known      interview.Known
	// Said are the questions whose live answer is kept.
	Said []int
	// Runs are those that its webhooks ask for, by key.
	Runs []SnapshotRun
}

// afterFirst is an id, or the first that a row may have which was made since a time.
func afterFirst(id string, since time.Time) string {
	if since.IsZero() {
		return id
	}
	return max(id, firstID(since.Add(-receivedSlack)))
}

// Calls reads the calls created since a time, by id, after the given one, at most limit of them.
func (s *Snapshot) Calls(ctx context.Context, since time.Time, after string, limit int) ([]SnapshotCall, error) {
	var list []SnapshotCall
	byID := map[string]*SnapshotCall{}
	err := collect(ctx, s.q, func(r row) error {
		var c SnapshotCall
		call, err := scanCall(prefixed{r, []any{&c.CampaignChangedAt, &c.Known.Recording}})
		c.Call = call
		list = append(list, c)
		return err
	}, `SELECT campaigns.updated_at, `+recordingSettled+`, `+selectedCalls+` WHERE calls.created_at >= $1 AND calls.id > $2
		ORDER BY calls.id LIMIT $3`, since.UTC(), afterFirst(after, since), limit)
	if err != nil {
		return nil, fmt.Errorf("reading calls: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].Call.ID
		byID[ids[i]] = &list[i]
	}
	if err := s.belongings(ctx, ids, byID); err != nil {
		return nil, err
	}
	return list, s.runs(ctx, list)
}

func (s *Snapshot) belongings(ctx context.Context, ids []string, byID map[string]*SnapshotCall) error {
	ofCalls, args := in(s.dialect, "call_id", 1, ids)
	err := collect(ctx, s.q, func(r row) error {
		e, err := scanSnapshotEvent(r)
		if c := byID[e.Event.Subject]; c != nil {
			c.Events = append(c.Events, e)
		}
		return err
	}, `SELECT id, event_id, kind, source, call_id, call_sid, account_sid, target, body, received_at, outcome = 'forced' FROM webhook_events
		WHERE outcome IN ('accepted', 'forced') AND `+ofCalls+` ORDER BY call_id, id`, args...)
	if err != nil {
		return fmt.Errorf("reading events: %w", err)
	}
	err = collect(ctx, s.q, func(r row) error {
		var id string
		var e HistoryEntry
		err := r.Scan(&id, &e.At, &e.What, &e.Detail)
		if c := byID[id]; c != nil {
			c.History = append(c.History, e)
		}
		return err
	}, `SELECT call_id, at, what, detail FROM call_history WHERE `+ofCalls+` ORDER BY call_id, id`, args...)
	if err != nil {
		return fmt.Errorf("reading histories: %w", err)
	}
	err = collect(ctx, s.q, func(r row) error {
		rec, err := scanRecording(r)
		if c := byID[rec.CallID]; c != nil {
			c.Recordings = append(c.Recordings, rec)
		}
		return err
	}, selectRecordings+` WHERE `+ofCalls+` ORDER BY call_id, sid`, args...)
	if err != nil {
		return fmt.Errorf("reading recordings: %w", err)
	}
	err = collect(ctx, s.q, func(r row) error {
		var id string
		var position int
		err := r.Scan(&id, &position)
		if c := byID[id]; c != nil {
			c.Said = append(c.Said, position)
		}
		return err
	}, `SELECT call_id, position FROM utterances WHERE recording_sid = '' AND `+ofCalls+` ORDER BY call_id, position`, args...)
	if err != nil {
		return fmt.Errorf("reading live answers: %w", err)
	}
	return nil
}
