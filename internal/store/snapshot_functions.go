package store

// liveJob selects the runs that River has a job for.
const liveJob = `SELECT args ->> 'runId' AS run_id FROM river_job
	WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled')`

// ofRecording joins a function's run to a recording r.
const ofRecording = ` f.key = r.call_id || ':' || r.sid `

func functionRules() []SnapshotRule {
	return []SnapshotRule{
		{Kind: "run-without-cause", Text: "nothing that happened asked for the run",
			statement: `SELECT r.id, r.function FROM function_runs r WHERE r.created_at >= $1 AND r.id >= $first AND r.cause NOT LIKE 'api%'
				AND NOT EXISTS (SELECT 1 FROM webhook_events e WHERE e.id = r.cause AND e.outcome IN ('accepted', 'forced'))
				AND NOT EXISTS (SELECT 1 FROM function_runs b WHERE b.id = r.cause)
				AND NOT EXISTS (SELECT 1 FROM calls p WHERE p.id = r.subject AND p.pruned_at IS NOT NULL)
				AND NOT (r.cause LIKE 'absence:%' AND EXISTS (SELECT 1 FROM call_history h
				WHERE h.call_id = SUBSTR(r.cause, 9) AND h.what = 'dial.absent'))
				AND NOT (r.cause = '` + byDispatcher + `' AND r.function = 'orchestrate-call'
				AND EXISTS (SELECT 1 FROM calls c JOIN contacts k ON k.id = c.contact_id WHERE c.id = r.key))`},
		{Kind: "run-stuck", Text: "the run is not over, and no job will go on with it",
			statement: `SELECT r.id, r.function FROM function_runs r LEFT JOIN (` + liveJob + `) j ON j.run_id = r.id
				WHERE r.created_at >= $1 AND r.id >= $first AND r.state IN ('waiting', 'running') AND j.run_id IS NULL AND r.created_at < $2
				AND (r.heartbeat_at IS NULL OR r.heartbeat_at < $2) AND (r.not_before IS NULL OR r.not_before < $2)
				AND (r.begin_by IS NULL OR r.begin_by < $2)`,
			second: stuckBefore},
		{Kind: "unfinished", Settled: true, Text: "nothing is under way any more and the run is not over",
			statement: `SELECT r.id, r.function FROM function_runs r WHERE r.created_at >= $1 AND r.id >= $first AND r.state IN ('waiting', 'running')`},
		{Kind: "recording-without-run", Text: "nothing was asked to transcribe a completed recording",
			statement: `SELECT r.sid, r.call_id FROM recordings r JOIN calls c ON c.id = r.call_id WHERE r.created_at >= $1
				AND r.status = 'completed' AND c.consent = 'given' AND NOT EXISTS (SELECT 1 FROM function_runs f
				WHERE f.function IN ('transcribe-recording', 'delete-recording') AND` + ofRecording + `)`},
		{Kind: "transcript-without-run", Text: "a recording counts as transcribed and no run did it",
			statement: `SELECT r.sid, r.call_id FROM recordings r WHERE r.created_at >= $1 AND r.transcribed_at IS NOT NULL
				AND NOT EXISTS (SELECT 1 FROM function_runs f WHERE f.function = 'transcribe-recording' AND f.state = 'done'
				AND` + ofRecording + `)`},
		{Kind: "utterance-without-transcript", Text: "something said is kept of a recording that was not transcribed",
			statement: `SELECT u.call_id, MAX(u.recording_sid) FROM utterances u JOIN calls c ON c.id = u.call_id
				LEFT JOIN recordings r ON r.sid = u.recording_sid AND r.call_id = u.call_id
				WHERE c.created_at >= $1 AND c.id >= $first AND u.recording_sid <> '' AND r.transcribed_at IS NULL GROUP BY u.call_id`},
		{Kind: "run-without-transcript", Text: "the transcription is done and its transcript is not there",
			statement: `SELECT f.id, r.sid FROM recordings r JOIN calls c ON c.id = r.call_id
				JOIN function_runs f ON f.function = 'transcribe-recording' AND` + ofRecording + `
				WHERE r.created_at >= $1 AND f.state = 'done' AND r.status = 'completed' AND c.consent = 'given'
				AND r.transcribed_at IS NULL`},
		{Kind: "transcript-without-extraction", Text: "nothing was asked to look for claims in a transcript",
			statement: `SELECT r.sid, r.call_id FROM recordings r JOIN calls c ON c.id = r.call_id WHERE r.created_at >= $1
				AND r.transcribed_at IS NOT NULL AND c.consent = 'given' AND EXISTS (SELECT 1 FROM hypotheses h
				WHERE h.campaign_id = c.campaign_id AND h.created_at < r.transcribed_at)
				AND NOT EXISTS (SELECT 1 FROM function_runs f WHERE f.function = 'extract-claims' AND` + ofRecording + `)`},
		{Kind: "run-without-extraction", Text: "the extraction is done and the recording does not say so",
			statement: `SELECT f.id, r.sid FROM recordings r JOIN calls c ON c.id = r.call_id
				JOIN function_runs f ON f.function = 'extract-claims' AND` + ofRecording + `
				WHERE r.created_at >= $1 AND f.state = 'done' AND r.status = 'completed' AND c.consent = 'given'
				AND r.transcribed_at IS NOT NULL AND r.extracted_at IS NULL`},
		{Kind: "claims-without-run", Text: "claims are kept that no extraction found",
			statement: `SELECT l.call_id, l.recording_sid FROM claims l WHERE l.created_at >= $1 AND NOT EXISTS (SELECT 1 FROM function_runs f
				WHERE f.function = 'extract-claims' AND f.state = 'done' AND f.key = l.call_id || ':' || l.recording_sid)
				GROUP BY l.call_id, l.recording_sid`},
		{Kind: "evidence-without-run", Text: "nothing was asked to judge the newest evidence of a hypothesis",
			statement: `SELECT h.id, CAST(h.evidence_revision AS TEXT) FROM hypotheses h WHERE h.created_at >= $1
				AND h.evidence_revision > h.begun_revision AND NOT EXISTS (SELECT 1 FROM function_runs f
				WHERE f.function = 'validate-claim' AND f.state <> 'done' AND f.key = h.id || ':' || CAST(h.validation_revision AS TEXT))`},
		{Kind: "verdict-without-run", Text: "a verdict was given that no validation came to",
			statement: `SELECT v.hypothesis_id, CAST(v.revision AS TEXT) FROM verdicts v WHERE v.created_at >= $1
				AND NOT EXISTS (SELECT 1 FROM function_runs f WHERE f.subject = v.hypothesis_id AND f.function = 'validate-claim' AND f.state = 'done'
				AND f.finished_at = v.created_at)`},
		{Kind: "judged-without-verdict", Text: "a hypothesis counts as judged and no verdict says so",
			statement: `SELECT h.id, CAST(h.judged_revision AS TEXT) FROM hypotheses h WHERE h.created_at >= $1
				AND h.judged_revision > 0 AND NOT EXISTS (SELECT 1 FROM verdicts v
				WHERE v.hypothesis_id = h.id AND v.revision = h.judged_revision)`},
		{Kind: "deletion-undone", Text: "the deletion is done and the recording is still there",
			statement: `SELECT f.id, r.sid FROM recordings r JOIN function_runs f ON f.function = 'delete-recording' AND` + ofRecording + `
				WHERE r.created_at >= $1 AND f.state = 'done' AND r.status <> 'deleted'`},
		{Kind: "deleted-without-run", Text: "a recording counts as deleted and no run did it",
			statement: `SELECT r.sid, r.call_id FROM recordings r WHERE r.created_at >= $1 AND r.status = 'deleted'
				AND NOT EXISTS (SELECT 1 FROM function_runs f WHERE f.function = 'delete-recording' AND f.state = 'done'
				AND` + ofRecording + `)`},
	}
}
