package store

// recordingRules are those of audio that must not be kept. Whether a recording began before the consent, package verify asks
// package interview.
func recordingRules() []AuditRule {
	return []AuditRule{
		{Kind: "words-of-deleted-recording", Text: "something said is kept of a recording that was deleted",
			statement: `SELECT r.sid, r.call_id FROM recordings r WHERE r.created_at >= $1 AND r.status = 'deleted'
				AND (EXISTS (SELECT 1 FROM utterances u WHERE u.call_id = r.call_id AND u.recording_sid = r.sid)
				OR EXISTS (SELECT 1 FROM claims l WHERE l.call_id = r.call_id AND l.recording_sid = r.sid))`},
		{Kind: "call-uncleared", Text: "Twilio may have a recording of the call that must not be kept, and nobody will look for one",
			statement: `SELECT c.id, c.twilio_sid FROM calls c LEFT JOIN call_watch w ON w.call_id = c.id
				WHERE c.created_at >= $1 AND c.cleared_at IS NULL AND w.call_id IS NULL AND c.twilio_sid <> ''
				AND c.status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED')
				AND (c.started_at IS NOT NULL OR c.status = 'COMPLETED')`},
	}
}
