package store

func speechRules() []AuditRule {
	return []AuditRule{
		{Kind: "dropped-without-consent", Text: "a dropped segment is kept though the person did not agree, or it was erased",
			statement: `SELECT c.id, MIN(d.reason) FROM dropped_segments d JOIN calls c ON c.id = d.call_id
				WHERE c.created_at >= $1 AND (c.consent <> 'given' OR c.erased_at IS NOT NULL) GROUP BY c.id`},
		{Kind: "dropped-without-transcript", Text: "a dropped segment is kept of a recording that was not transcribed",
			statement: `SELECT d.call_id, MAX(d.recording_sid) FROM dropped_segments d JOIN calls c ON c.id = d.call_id
				LEFT JOIN recordings r ON r.sid = d.recording_sid AND r.call_id = d.call_id
				WHERE c.created_at >= $1 AND r.transcribed_at IS NULL GROUP BY d.call_id`},
	}
}
