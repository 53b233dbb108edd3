package store

// notOver selects, of calls c, those that are not over.
const notOver = ` c.status NOT IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED')`

// saidOver is whether an event told by the time of call b that call a was over. Pruned events may have.
const saidOver = `(a.pruned_at IS NOT NULL OR EXISTS (SELECT 1 FROM webhook_events e WHERE e.call_id = a.id AND e.outcome = 'accepted'
	AND e.received_at <= b.dialed_at AND (e.event_id LIKE '%:status:completed' OR e.event_id LIKE '%:status:busy'
	OR e.event_id LIKE '%:status:no-answer' OR e.event_id LIKE '%:status:failed' OR e.event_id LIKE '%:status:canceled')))`

// numberRules are about whom calls are made to, and about calls that nobody wants any more.
func numberRules() []SnapshotRule {
	return []SnapshotRule{
		// Whoever is called may call us at the same moment.
		{Kind: "number-live-twice", Text: "another call to the same number is not over either",
			statement: `SELECT MAX(c.id), MIN(c.id) FROM calls c WHERE c.direction <> 'inbound' AND (c.phone_number <> '' OR c.live_number <> '') AND c.ended_as = '' AND` + notOver + `
				GROUP BY CASE WHEN c.phone_number = '' THEN c.live_number ELSE c.phone_number END
				HAVING COUNT(*) > 1 AND MAX(c.created_at) >= $1`},
		// When a call ended is Twilio's time, which may be wrong by ours: what counts is also when we were told. That is earlier than the
		// dial of the next call, whose row could be written only once the number was released, by the same clock: two processes must not
		// have clocks that differ by more than lies between. The end of a call has no place at the gate that would tell without a clock.
		{Kind: "number-dialled-twice", Text: "the number was dialled while another call to it was not over",
			statement: `SELECT b.id, a.id FROM calls b JOIN calls a ON a.phone_number = b.phone_number AND a.id <> b.id
				WHERE b.created_at >= $1 AND b.id >= $first AND b.phone_number <> '' AND a.phone_number <> ''
				AND (a.dialed_at < b.dialed_at OR a.dialed_at = b.dialed_at AND a.id < b.id)
				AND a.direction <> 'inbound' AND b.direction <> 'inbound' AND (a.completed_at IS NULL OR a.completed_at > b.dialed_at) AND NOT ` + saidOver},
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
