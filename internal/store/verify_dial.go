package store

// intentRules are those of with what and until when a call is dialled.
func intentRules() []AuditRule {
	return []AuditRule{
		{Kind: "dial-sent-late", Text: "the request to call was sent after the deadline of its intent: another may have been sent meanwhile",
			statement: `SELECT i.call_id, i.run_id FROM dial_intents i JOIN calls c ON c.id = i.call_id
				WHERE c.created_at >= $1 AND i.sent_at > i.deadline`},
		{Kind: "call-in-another-account", Text: "the call is bound to a call of another account than the one that dialled it",
			statement: `SELECT c.id, c.account_sid FROM calls c JOIN dial_intents i ON i.call_id = c.id
				WHERE c.created_at >= $1 AND c.twilio_sid <> '' AND c.account_sid <> '' AND i.account_sid <> ''
				AND c.account_sid <> i.account_sid`},
	}
}
