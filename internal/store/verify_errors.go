package store

// errorRules look for the words of services, which may quote a person, where no erasure would find them, or after one. The
// words themselves are not known, so the form of what is kept is looked at.
func errorRules() []AuditRule {
	// ours are the beginnings of what the ledger keeps of an error.
	const ours = ` (e.last_error LIKE 'transient: %' OR e.last_error LIKE 'permanent: %' OR e.last_error LIKE 'unclear: %'
		OR e.last_error LIKE 'waiting until %' OR e.last_error LIKE 'stopped: %' OR e.last_error LIKE 'sending the event to Inngest%'
		OR e.last_error IN ('', 'error of an earlier version', '` + processDied + `', '` + eventLost + `')) `
	return []AuditRule{
		{Kind: "error-of-erased-call", Text: "a call was erased and what a service said of it is still kept",
			statement: `SELECT c.id, '' FROM calls c WHERE c.created_at >= $1 AND c.erased_at IS NOT NULL AND (c.error_message <> ''
				OR EXISTS (SELECT 1 FROM run_errors r WHERE r.call_id = c.id)
				OR EXISTS (SELECT 1 FROM run_answers a WHERE a.call_id = c.id)
				OR EXISTS (SELECT 1 FROM webhook_events w WHERE w.call_id = c.id AND w.outcome = 'failed' AND w.error <> '')
				OR EXISTS (SELECT 1 FROM function_runs e WHERE e.subject = c.id AND NOT` + ours + `))`},
		{Kind: "error-without-consent", Text: "a call lost its consent and what a model said of it is still kept",
			statement: `SELECT c.id, '' FROM calls c WHERE c.created_at >= $1 AND c.consent = 'refused'
				AND (EXISTS (SELECT 1 FROM run_errors r WHERE r.call_id = c.id)
				OR EXISTS (SELECT 1 FROM run_answers a WHERE a.call_id = c.id))`},
		{Kind: "refusal-with-words", Text: "the history of an erased call quotes Twilio's refusal",
			statement: `SELECT c.id, h.id FROM calls c JOIN call_history h ON h.call_id = c.id AND h.what = '` + noteRefused + `'
				WHERE c.created_at >= $1 AND c.erased_at IS NOT NULL AND LENGTH(h.detail) > 6`},
	}
}
