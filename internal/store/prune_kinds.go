package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// prunables are the kinds of data that are kept for a time, in the order in which they are pruned: payloads before the events
// that had them.
func (s *Store) prunables() []prunable {
	payloads := func(p Periods) time.Duration { return p.Payloads }
	ids := func(p Periods) time.Duration { return p.IDs }
	return []prunable{
		{what: "payloads", table: "webhook_events", period: payloads, page: eventPage(`e.body IS NOT NULL AND e.outcome <> 'failed'`),
			remove: prunePayloads},
		{what: "events", table: "webhook_events", period: ids, page: eventPage(`e.body IS NULL`), remove: pruneEvents},
		{what: "failed_events", table: "webhook_events", period: ids, page: eventPage(`e.body IS NOT NULL AND e.outcome = 'failed'`),
			remove: pruneEvents},
		{what: "legacy_ids", table: "webhook_dedup", period: ids, byKey: true, unindexed: true, page: legacyPage, remove: pruneLegacyIDs},
		ofRuns("run_answers", "run_answers", "id", "created_at", `= 'done'`, payloads),
		ofRuns("run_errors", "run_errors", "run_id", "at", `= 'done'`, payloads),
		ofRuns("dead_run_answers", "run_answers", "id", "created_at", `<> 'done'`, ids),
		ofRuns("dead_run_errors", "run_errors", "run_id", "at", `<> 'done'`, ids),
		aged("audit", "audit_log", "id", "at", func(p Periods) time.Duration { return p.Audit }),
		aged("rejections", "rejections", "id", "received_at", func(p Periods) time.Duration { return p.Rejections }),
		aged("idempotency_keys", "api_idempotency", "key", "created_at", ids),
		aged("forgotten_calls", "forgotten_calls", "call_sid", "created_at", ids),
	}
}

// PruneKinds are the names of what is pruned.
func (s *Store) PruneKinds() (names []string) {
	for _, p := range s.prunables() {
		names = append(names, p.what)
	}
	return names
}

// held is whether a legal hold keeps the data of an event's call.
const held = `EXISTS (SELECT 1 FROM calls JOIN campaigns ON campaigns.id = calls.campaign_id
	WHERE calls.id = e.call_id AND campaigns.held_at IS NOT NULL)`

// eventPage selects events in the order of the two indexes by age; the condition must contain that of one of them.
func eventPage(condition string) string {
	return `SELECT e.id, CASE WHEN ` + held + ` THEN 1 ELSE 0 END, e.received_at FROM webhook_events e
		WHERE ` + condition + ` AND (e.received_at, e.id) > ($4, $3) AND e.received_at < $1
		ORDER BY e.received_at, e.id LIMIT $2`
}

// prunePayloads forgets what was sent with events. Their replies stay as long as their ids, for duplicates.
func prunePayloads(ctx context.Context, tx *Tx, keys []string, before time.Time) (int, error) {
	condition, args := tx.in("e.id", 2, keys)
	n, err := tx.Exec(ctx, `UPDATE webhook_events SET body = NULL, target = '' WHERE id IN (SELECT e.id FROM webhook_events e
		WHERE `+condition+` AND e.body IS NOT NULL AND e.outcome <> 'failed' AND e.received_at < $1 AND NOT `+held+
		tx.store.dialect.skipLocked+`)`, append([]any{before}, args...)...)
	return int(n), err
}

// pruneEvents removes events and, in the same commit, the ids of those that were accepted: an event without its id could take
// effect again, and an id without its event is a duplicate without an answer. From the first one on, the call's webhooks are
// refused. Locks are taken in the order of the inbox.
func pruneEvents(ctx context.Context, tx *Tx, keys []string, before time.Time) (int, error) {
	condition, args := tx.in("id", 1, keys)
	if tx.store.dialect.lockCalls != "" {
		err := collect(ctx, tx, func(row) error { return nil }, `SELECT calls.id FROM calls WHERE id IN
			(SELECT call_id FROM webhook_events WHERE `+condition+`) ORDER BY calls.id`+tx.store.dialect.lockCalls, args...)
		if err != nil {
			return 0, fmt.Errorf("locking calls: %w", err)
		}
	}
	var rows, eventIDs, callIDs []string
	condition, args = tx.in("e.id", 2, keys)
	err := collect(ctx, tx, func(r row) error {
		var id, eventID, callID string
		var outcome inbox.Outcome
		if err := r.Scan(&id, &eventID, &callID, &outcome); err != nil {
			return err
		}
		rows = append(rows, id)
		if outcome == inbox.Accepted {
			eventIDs, callIDs = append(eventIDs, eventID), append(callIDs, callID)
		}
		return nil
	}, `SELECT e.id, e.event_id, e.call_id, e.outcome FROM webhook_events e WHERE `+condition+` AND e.received_at < $1
		AND NOT `+held, append([]any{before}, args...)...)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	stmts := tx.newStmtBatch()
	if len(eventIDs) > 0 {
		condition, args = tx.in("id", 2, callIDs)
		stmts.exec("marking calls", `UPDATE calls SET pruned_at = $1 WHERE pruned_at IS NULL AND `+condition, append([]any{tx.Now}, args...)...)
		condition, args = tx.in(`"id"`, 1, eventIDs)
		stmts.exec("pruning event ids", `DELETE FROM webhook_dedup WHERE `+condition, args...)
	}
	condition, args = tx.in("id", 1, rows)
	stmts.exec("pruning events", `DELETE FROM webhook_events WHERE `+condition, args...)
	return len(rows), stmts.run(ctx)
}

// legacyPage selects the event ids that another program left, which have no events. webhook_dedup stays as that program made
// it, without an index by time, so the whole table is read.
const legacyPage = `SELECT d."id", 0 FROM webhook_dedup d WHERE d."receivedAt" < $1 AND d."id" > $3
	AND NOT EXISTS (SELECT 1 FROM webhook_events e WHERE e.event_id = d."id" AND e.outcome = 'accepted')
	ORDER BY d."id" LIMIT $2`

func pruneLegacyIDs(ctx context.Context, tx *Tx, keys []string, before time.Time) (int, error) {
	condition, args := tx.in(`"id"`, 2, keys)
	n, err := tx.Exec(ctx, `DELETE FROM webhook_dedup WHERE "receivedAt" < $1 AND `+condition+`
		AND NOT EXISTS (SELECT 1 FROM webhook_events e WHERE e.event_id = webhook_dedup."id" AND e.outcome = 'accepted')`,
		append([]any{before}, args...)...)
	return int(n), err
}

// heldRun is whether a legal hold keeps the data of a run.
const heldRun = `EXISTS (SELECT 1 FROM campaigns WHERE campaigns.held_at IS NOT NULL AND campaigns.id IN
	(SELECT campaign_id FROM calls WHERE calls.id = r.subject UNION ALL SELECT campaign_id FROM hypotheses WHERE hypotheses.id = r.subject))`

// ofRuns are rows that belong to runs whose state meets the condition.
func ofRuns(what, table, key, at, state string, period func(Periods) time.Duration) prunable {
	return prunable{
		what: what, table: table, period: period, byKey: true,
		page: `SELECT t.` + key + `, CASE WHEN ` + heldRun + ` THEN 1 ELSE 0 END FROM ` + table + ` t JOIN function_runs r ON r.id = t.run_id
			WHERE t.` + at + ` < $1 AND t.` + key + ` > $3 AND r.state ` + state + ` ORDER BY t.` + key + ` LIMIT $2`,
		remove: func(ctx context.Context, tx *Tx, keys []string, before time.Time) (int, error) {
			condition, args := tx.in(key, 2, keys)
			n, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE `+at+` < $1 AND `+condition+` AND EXISTS (SELECT 1 FROM function_runs r
				WHERE r.id = `+table+`.run_id AND r.state `+state+` AND NOT `+heldRun+`)`, append([]any{before}, args...)...)
			return int(n), err
		},
	}
}

// aged are rows of a table that are about no single campaign. The table is small, or has its key in the order of time.
func aged(what, table, key, at string, period func(Periods) time.Duration) prunable {
	return prunable{
		what: what, table: table, period: period, byKey: true,
		page: `SELECT ` + key + `, 0 FROM ` + table + ` WHERE ` + at + ` < $1 AND ` + key + ` > $3 ORDER BY ` + key + ` LIMIT $2`,
		remove: func(ctx context.Context, tx *Tx, keys []string, before time.Time) (int, error) {
			condition, args := tx.in(key, 2, keys)
			n, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE `+at+` < $1 AND `+condition, append([]any{before}, args...)...)
			return int(n), err
		},
	}
}
