package store

import (
	"context"
	"slices"
	"time"
)

// notOver selects, of calls c, those that are not over.
const notOver = ` c.status NOT IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED')`

// clocksApart is by how much the clocks of two processes may differ: doctor warns of one that is two seconds off the database's, and each
// may be so in another direction.
const clocksApart = 4 * time.Second

// saysOver selects, of events e, those that told that a call was over.
const saysOver = `e.outcome = 'accepted' AND (e.event_id LIKE '%:status:completed' OR e.event_id LIKE '%:status:busy'
	OR e.event_id LIKE '%:status:no-answer' OR e.event_id LIKE '%:status:failed' OR e.event_id LIKE '%:status:canceled')`

// checkOverlaps finds the calls that a statement selects as dialled before another was over, but for those that clocks which differ explain:
// the end of a call has no place at the gate, and is written by one process with its clock while another dials by its own. A row has
// both ids, when the second was dialled, when the first ended by Twilio's clock, and when an event told that.
func (s *Snapshot) checkOverlaps(ctx context.Context, statement string, since time.Time, found func(subject, detail string)) error {
	type pair struct{ later, earlier string }
	var pairs []pair
	explained := map[pair]bool{}
	err := collect(ctx, s.q, func(r row) error {
		var p pair
		var dialled time.Time
		var ended, told *time.Time
		if err := r.Scan(&p.later, &p.earlier, &dialled, &ended, &told); err != nil {
			return err
		}
		if _, known := explained[p]; !known {
			pairs = append(pairs, p)
		}
		explained[p] = explained[p] || slices.ContainsFunc([]*time.Time{ended, told}, func(over *time.Time) bool {
			return over != nil && over.Sub(dialled) <= clocksApart
		})
		return nil
	}, statement, since)
	for _, p := range pairs {
		if err == nil && !explained[p] {
			found(p.later, p.earlier)
		}
	}
	return err
}

// numberRules are about whom calls are made to, and about calls that nobody wants any more.
func numberRules() []SnapshotRule {
	return []SnapshotRule{
		// Whoever is called may call us at the same moment.
		{Kind: "number-live-twice", Text: "another call to the same number is not over either",
			statement: `SELECT MAX(c.id), MIN(c.id) FROM calls c WHERE c.direction <> 'inbound' AND (c.phone_number <> '' OR c.live_number <> '') AND c.ended_as = '' AND` + notOver + `
				GROUP BY CASE WHEN c.phone_number = '' THEN c.live_number ELSE c.phone_number END
				HAVING COUNT(*) > 1 AND MAX(c.created_at) >= $1`},
		// When a call ended is Twilio's time, which may be wrong by ours: what counts is also when we were told. That is earlier than the
		// dial of the next call, whose row could be written only once the number was released. Pruned events may have told it.
		{Kind: "number-dialled-twice", Text: "the number was dialled while another call to it was not over", overlaps: true,
			statement: `SELECT b.id, a.id, b.dialed_at, a.completed_at, e.received_at FROM calls b
				JOIN calls a ON a.phone_number = b.phone_number AND a.id <> b.id LEFT JOIN webhook_events e ON e.call_id = a.id AND ` + saysOver + `
				WHERE b.created_at >= $1 AND b.id >= $first AND b.phone_number <> '' AND a.phone_number <> ''
				AND (a.dialed_at < b.dialed_at OR a.dialed_at = b.dialed_at AND a.id < b.id) AND a.pruned_at IS NULL
				AND a.direction <> 'inbound' AND b.direction <> 'inbound' AND (a.completed_at IS NULL OR a.completed_at > b.dialed_at)`},
		{Kind: "number-not-released", Text: "the call keeps others from a number though it is over, or from another number than its own",
			statement: `SELECT c.id, c.status FROM calls c WHERE c.created_at >= $1 AND c.id >= $first AND c.live_number <> ''
				AND (NOT (` + notOver + `) OR c.phone_number <> '' AND c.phone_number <> c.live_number
				OR c.phone_number = '' AND c.erased_at IS NULL OR c.direction = 'inbound')`},
		{Kind: "cancel-without-run", Text: "the call was to be ended, Twilio has it, and nothing was asked to end it",
			statement: `SELECT c.id, c.status FROM calls c WHERE c.created_at >= $1 AND c.id >= $first AND c.cancel_requested_at IS NOT NULL
				AND c.twilio_sid <> '' AND` + notOver + ` AND NOT EXISTS (SELECT 1 FROM function_runs f
				WHERE f.function = 'cancel-call' AND f.key = c.id)`},
		{Kind: "dialled-after-cancel", Text: "the call was dialled after it was canceled",
			statement: `SELECT DISTINCT c.id, h.what FROM calls c JOIN call_history w ON w.call_id = c.id
				AND w.what IN ('cancel.requested', 'dial.canceled') JOIN call_history h ON h.call_id = c.id AND h.what = 'dial.intent'
				WHERE c.created_at >= $1 AND c.id >= $first AND h.at > w.at`},
		{Kind: "queued-though-completed", Text: "the call is queued though its campaign is completed",
			statement: `SELECT c.id, '' FROM calls c JOIN campaigns p ON p.id = c.campaign_id WHERE c.created_at >= $1 AND c.id >= $first
				AND p.status = 'COMPLETED' AND p.updated_at < $2 AND c.status = 'QUEUED' AND c.dialed_at IS NULL`, second: stuckBefore},
	}
}
