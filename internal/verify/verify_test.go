package verify_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/verify"
)

func TestCleanDatabaseHasNoViolation(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		fx.deliveries = 2
		fx.populate(4)
		report := fx.verify()
		if !report.OK() {
			t.Fatal(show(report))
		}
		if report.Replayed == 0 || report.Partial != 2 || report.Counts.Calls != report.Replayed+report.Partial {
			t.Errorf("replayed %d, in part %d of %d calls", report.Replayed, report.Partial, report.Counts.Calls)
		}
		c := report.Counts
		if c.Accepted == 0 || c.Duplicates != c.Accepted || c.EventIDs != c.Accepted || c.OpenCalls != 3 || c.Transcribed != 6 {
			t.Errorf("counts %+v", c)
		}
	})
}

// breaches are those of the promise.
var breaches = []breach{
	{"error-of-erased-call", func(fx *fixture) string {
		id := fx.erased("interviewed")
		fx.exec(`UPDATE function_runs SET last_error = 'model: they said five dollars' WHERE subject = $1`, id)
		return id
	}},
	{"error-of-erased-call", func(fx *fixture) string {
		id := fx.erased("interviewed")
		fx.exec(`UPDATE calls SET error_message = 'The number (555) 123-4567 is not valid' WHERE id = $1`, id)
		return id
	}},
	{"error-without-consent", func(fx *fixture) string {
		id := fx.erased("interviewed")
		fx.exec(`INSERT INTO run_errors (run_id, call_id, words, at) SELECT id, $1, 'five dollars', created_at FROM function_runs
			WHERE function = 'orchestrate-call' AND key = $1`, id)
		return id
	}},
	{"refusal-with-words", func(fx *fixture) string {
		id := fx.erased("interviewed")
		fx.exec(`INSERT INTO call_history (id, call_id, at, what, detail) VALUES ($1, $2, $3, 'dial.refused', '21211 The number is not valid')`,
			"refusal", id, fx.clock())
		return id
	}},
	{"event-without-id", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`DELETE FROM webhook_dedup WHERE "id" = $1`, sidOf(id)+":voice")
		return sidOf(id) + ":voice"
	}},
	{"id-without-event", func(fx *fixture) string { // the id was committed before the work
		fx.exec(`INSERT INTO webhook_dedup ("id", "receivedAt") VALUES ('CAlost:status:completed', $1)`, fx.clock())
		return "CAlost:status:completed"
	}},
	{"event-accepted-twice", func(fx *fixture) string {
		id := sidOf(fx.take("interviewed")) + ":voice"
		fx.exec(`DROP INDEX webhook_events_accepted`)
		fx.exec(`INSERT INTO webhook_events (id, event_id, kind, outcome, source, call_id, call_sid, account_sid, target,
			content_type, body, body_hash, idempotency_token, reply_status, reply_type, reply_body, error, attempt, duplicates, received_at)
			SELECT 'again', event_id, kind, outcome, source, call_id, call_sid, account_sid, target,
			content_type, body, body_hash, idempotency_token, reply_status, reply_type, reply_body, error, attempt, 0, received_at
			FROM webhook_events WHERE event_id = $1`, id)
		return id
	}},
	{"event-without-reply", func(fx *fixture) string {
		id := sidOf(fx.take("interviewed")) + ":consent"
		fx.exec(`UPDATE webhook_events SET reply_body = NULL WHERE event_id = $1`, id)
		return id
	}},
	{"event-without-call", func(fx *fixture) string {
		id := sidOf(fx.take("interviewed")) + ":status:ringing"
		fx.exec(`UPDATE webhook_events SET call_id = 'nobody' WHERE event_id = $1`, id)
		return id
	}},
	{"event-of-another-call", func(fx *fixture) string {
		id := sidOf(fx.take("interviewed")) + ":status:ringing"
		fx.exec(`UPDATE webhook_events SET call_sid = 'CAother' WHERE event_id = $1`, id)
		return id
	}},
	{"callsid-twice", func(fx *fixture) string {
		one, two := fx.take("interviewed"), fx.take("busy")
		fx.exec(`DROP INDEX calls_twilio_sid`)
		fx.exec(`UPDATE calls SET twilio_sid = $1 WHERE id = $2`, sidOf(one), two)
		return sidOf(one)
	}},
	{"call-state", func(fx *fixture) string { // the state went back
		id := fx.take("interviewed")
		fx.exec(`UPDATE calls SET status = 'RINGING', completed_at = NULL, duration = NULL WHERE id = $1`, id)
		return id
	}},
	{"call-state", func(fx *fixture) string { // an effect is missing
		id := fx.take("interviewed")
		fx.exec(`UPDATE calls SET duration = NULL WHERE id = $1`, id)
		return id
	}},
	{"call-state", func(fx *fixture) string { // of an erased call only the ids are left
		id := fx.take("erased")
		fx.exec(`UPDATE calls SET status = 'IN_PROGRESS' WHERE id = $1`, id)
		return id
	}},
	{"call-state", func(fx *fixture) string { // an effect without event
		id := fx.take("refused")
		fx.exec(`UPDATE calls SET consent = 'given' WHERE id = $1`, id)
		return id
	}},
	{"recording-state", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE recordings SET status = 'in-progress', status_rank = 1 WHERE sid = $1`, recOf(id))
		return recOf(id)
	}},
	{"recording-lost", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`DELETE FROM recordings WHERE sid = $1`, recOf(id))
		return recOf(id)
	}},
	{"recording-without-event", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`INSERT INTO recordings (sid, call_id, status, status_rank, url, channels, created_at, updated_at)
			VALUES ('REstray', $1, 'in-progress', 1, '', 0, $2, $2)`, id, fx.clock())
		return "REstray"
	}},
	{"run-stuck", func(fx *fixture) string {
		fx.pass(time.Hour)
		fx.exec(`DELETE FROM river_job`)
		return fx.text(`SELECT id FROM function_runs WHERE function = 'delete-recording' AND state = 'waiting' ORDER BY id LIMIT 1`)
	}},
	{"run-lost", func(fx *fixture) string {
		id := fx.take("machine")
		fx.exec(`DELETE FROM function_runs WHERE function = 'end-call' AND key = $1`, id)
		return id
	}},
	{"run-unasked", func(fx *fixture) string {
		id := fx.take("interviewed")
		cause := fx.text(`SELECT id FROM webhook_events WHERE event_id = $1`, sidOf(id)+":voice")
		fx.exec(`UPDATE function_runs SET cause = $1 WHERE function = 'transcribe-recording' AND key = $2`, cause, id+":"+recOf(id))
		return id
	}},
	{"run-without-cause", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE function_runs SET cause = 'nothing' WHERE function = 'extract-claims' AND key = $1`, id+":"+recOf(id))
		return fx.text(`SELECT id FROM function_runs WHERE function = 'extract-claims' AND key = $1`, id+":"+recOf(id))
	}},
	{"answer-lost", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`DELETE FROM utterances WHERE call_id = $1 AND recording_sid = ''`, id)
		return id
	}},
	{"answer-without-event", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`INSERT INTO utterances (call_id, recording_sid, position, speaker, text, start_sec, end_sec)
			VALUES ($1, '', 2, 'callee', 'never said', 0, 0)`, id)
		return id
	}},
	{"call-without-run", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`DELETE FROM function_runs WHERE function = 'orchestrate-call' AND key = $1`, id)
		return id
	}},
	{"call-never-dialled", func(fx *fixture) string {
		id := fx.take("rejected")
		fx.exec(`UPDATE calls SET status = 'QUEUED', dialed_at = NULL WHERE id = $1`, id)
		return id
	}},
	{"dialled-twice", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`INSERT INTO call_history (id, call_id, at, what, detail) VALUES ('second', $1, $2, 'dial.intent', '')`, id, fx.clock())
		return id
	}},
	{"accepted-without-intent", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`DELETE FROM call_history WHERE call_id = $1 AND what = 'dial.intent'`, id)
		return id
	}},
	{"two-calls-for-one", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE call_history SET detail = 'CAsecond' WHERE call_id = $1 AND what = 'dial.accepted'`, id)
		return id
	}},
	{"call-unwatched", func(fx *fixture) string {
		id := fx.take("open")
		fx.exec(`DELETE FROM call_watch WHERE call_id = $1`, id)
		return id
	}},
	{"words-without-consent", func(fx *fixture) string {
		id := fx.take("refused")
		fx.exec(`UPDATE calls SET transcript = 'callee: hello' WHERE id = $1`, id)
		return id
	}},
	{"recording-without-consent", func(fx *fixture) string {
		id := fx.take("refused")
		fx.exec(`UPDATE recordings SET status = 'completed', status_rank = 3 WHERE call_id = $1`, id)
		fx.exec(`DELETE FROM function_runs WHERE function = 'delete-recording' AND key = $1`, id+":"+recOf(id))
		return recOf(id)
	}},
	{"recording-without-run", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`DELETE FROM function_runs WHERE function = 'transcribe-recording' AND key = $1`, id+":"+recOf(id))
		return recOf(id)
	}},
	{"transcript-without-run", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE function_runs SET state = 'waiting' WHERE function = 'transcribe-recording' AND key = $1`, id+":"+recOf(id))
		return recOf(id)
	}},
	{"run-without-transcript", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE recordings SET transcribed_at = NULL WHERE sid = $1`, recOf(id))
		return recOf(id)
	}},
	{"utterance-without-transcript", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE recordings SET transcribed_at = NULL WHERE sid = $1`, recOf(id))
		return id
	}},
	{"dropped-without-transcript", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE dropped_segments SET recording_sid = 'REstray' WHERE call_id = $1`, id)
		return id
	}},
	{"dropped-without-consent", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE calls SET consent = 'refused' WHERE id = $1`, id)
		return id
	}},
	{"transcript-without-extraction", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`DELETE FROM function_runs WHERE function = 'extract-claims' AND key = $1`, id+":"+recOf(id))
		return recOf(id)
	}},
	{"claims-without-run", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE function_runs SET state = 'failed' WHERE function = 'extract-claims' AND key = $1`, id+":"+recOf(id))
		return id
	}},
	{"run-without-extraction", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE recordings SET extracted_at = NULL WHERE sid = $1`, recOf(id))
		return recOf(id)
	}},
	{"evidence-without-run", func(fx *fixture) string {
		id := fx.campaign.Hypotheses[0].ID
		fx.exec(`UPDATE hypotheses SET evidence_revision = evidence_revision + 1, validation_revision = evidence_revision + 1 WHERE id = $1`, id)
		return id
	}},
	{"verdict-without-run", func(fx *fixture) string {
		id := fx.campaign.Hypotheses[0].ID
		fx.exec(`INSERT INTO verdicts (id, hypothesis_id, revision, status, conclusion, consistency, confidence, claims, calls, reasons,
			model, created_at) VALUES ('v', $1, 900, 'VALIDATED', '', 1, 1, 3, 3, '[]', '', $2)`, id, fx.clock())
		return id
	}},
	{"judged-without-verdict", func(fx *fixture) string {
		id := fx.campaign.Hypotheses[0].ID
		fx.exec(`UPDATE hypotheses SET judged_revision = 901 WHERE id = $1`, id)
		return id
	}},
	{"deletion-undone", func(fx *fixture) string {
		id := fx.take("refused")
		fx.exec(`UPDATE recordings SET status = 'completed', status_rank = 3 WHERE call_id = $1`, id)
		return recOf(id)
	}},
	{"deleted-without-run", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE recordings SET status = 'deleted', status_rank = 4 WHERE call_id = $1`, id)
		return recOf(id)
	}},
	{"recording-before-consent", func(fx *fixture) string { // by Twilio's time
		id := fx.take("interviewed")
		fx.exec(`UPDATE recordings SET started_at = $1 WHERE sid = $2`, fx.clock().Add(-24*time.Hour), recOf(id))
		return recOf(id)
	}},
	{"recording-before-consent", func(fx *fixture) string { // by its first sight
		id := fx.take("interviewed")
		fx.exec(`UPDATE calls SET early_recordings = $1 WHERE id = $2`, "REother "+recOf(id), id)
		return recOf(id)
	}},
	{"words-of-deleted-recording", func(fx *fixture) string {
		id := fx.take("interviewed")
		fx.exec(`UPDATE recordings SET status = 'deleted', status_rank = 4 WHERE call_id = $1`, id)
		return recOf(id)
	}},
	{"call-uncleared", func(fx *fixture) string {
		id := fx.take("refused")
		fx.exec(`DELETE FROM call_watch WHERE call_id = $1`, id)
		return id
	}},
	{"call-uncleared", func(fx *fixture) string { // an erasure is looked after again
		id := fx.take("erased")
		fx.exec(`DELETE FROM call_watch WHERE call_id = $1`, id)
		return id
	}},
	{"call-state", func(fx *fixture) string { // a voice counts as a key
		id := fx.take("interviewed")
		fx.exec(`UPDATE calls SET consent_by = 'keypad' WHERE id = $1`, id)
		return id
	}},
}

func TestEveryPlantedViolationIsFound(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		report := fx.findsAll(38, breaches)
		var text bytes.Buffer
		fx.must(report.Write(&text))
		for _, b := range breaches {
			if !strings.Contains(text.String(), b.kind) {
				t.Errorf("%s is not in the printed report", b.kind)
			}
		}
		encoded, err := json.Marshal(report)
		fx.must(err)
		if bytes.Contains(encoded, []byte("+1555")) || bytes.Contains(encoded, []byte("dollars")) {
			t.Errorf("personal data in the report: %s", encoded)
		}
	})
}

// A call is overdue by its first event that is: here the verdict on who picked up is lost, then the end.
func TestOverdueCallIsFound(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		fx.populate(0)
		id := fx.take("open")
		fx.exec(`UPDATE calls SET answered_by = '' WHERE id = $1`, id)
		fx.pass(10 * time.Minute)
		if report := fx.verify(); !slices.ContainsFunc(report.Violations, isOverdue(id, "verdict")) {
			t.Errorf("the verdict: %s", show(report))
		}
		id = fx.take("open")
		fx.pass(2 * time.Hour)
		if report := fx.verify(); !slices.ContainsFunc(report.Violations, isOverdue(id, "end")) {
			t.Errorf("the end: %s", show(report))
		}
	})
}

// A process that dies between the intent to dial and Twilio's answer leaves a call of which nothing is known until four of
// Twilio's lists, over two minutes, do not have it.
func TestUnknownDialIsNoViolationWhileItsAbsenceIsBeingProven(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		fx.populate(0)
		id, run := fx.begin()
		fx.must(fx.store.DialUnknown(t.Context(), run, id, "timeout"))
		overdue := isOverdue(id, "dial")
		fx.pass(2 * time.Minute)
		if report := fx.verify(); slices.ContainsFunc(report.Violations, overdue) {
			t.Errorf("after two minutes: %s", show(report))
		}
		fx.pass(interview.DialProofWithin)
		if report := fx.verify(); !slices.ContainsFunc(report.Violations, overdue) {
			t.Errorf("later than the proof takes: %s", show(report))
		}
	})
}

func isOverdue(callID, what string) func(verify.Violation) bool {
	return func(v verify.Violation) bool { return v.Kind == "overdue" && v.Subject == callID && v.Detail == what }
}

func TestIDsOfAnEarlierProgramAreNoViolation(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		fx.exec(`INSERT INTO webhook_dedup ("id", "receivedAt") VALUES ('CAold:voice', $1)`, fx.clock().Add(-24*365*time.Hour))
		report := fx.verify()
		if !report.OK() || report.Counts.LegacyIDs != 1 {
			t.Errorf("legacy %d%s", report.Counts.LegacyIDs, show(report))
		}
		report = fx.verify(func(c *verify.Config) { c.LegacyBefore = time.Unix(0, 0) })
		if !has(report, "id-without-event", "CAold:voice") {
			t.Errorf("an id without event is not found when nothing is legacy: %v", report.Breaches)
		}
	})
}

func TestOpenWorkOfASettledDatabaseIsFound(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		fx.populate(1)
		report := fx.verify(func(c *verify.Config) { c.Settled = true })
		if open := report.Counts.OpenRuns; open == 0 || report.Breaches["unfinished"] != 3+open {
			t.Errorf("of three calls and %d runs that are open, these are found: %v", open, report.Breaches)
		}
		if report := fx.verify(func(c *verify.Config) { c.Since = fx.clock().Add(time.Minute) }); report.Counts.Calls != 0 || !report.OK() {
			t.Errorf("since: %+v", report)
		}
	})
}

// Rows carry the time at which their transaction began, which is not the order in which they were decided.
func TestOrderWithinAMomentIsNoViolation(t *testing.T) {
	eachDatabase(t, func(t *testing.T, fx *fixture) {
		fx.populate(1)
		id := fx.take("refused")
		// The second, decisive answer looks as if it had come before the first.
		first := fx.text(`SELECT id FROM webhook_events WHERE event_id = $1`, sidOf(id)+":voice")
		fx.exec(`UPDATE webhook_events SET id = $1 WHERE event_id = $2`, first[:10]+"ZZZZZZZZZZZZZZZZ", sidOf(id)+":consent:2")
		if report := fx.verify(); !report.OK() {
			t.Error(show(report))
		}
	})
}
