package verify_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/verify"
)

func TestCleanDatabaseIsAccused(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.deliveries = 2
		w.populate(4)
		report := w.verify()
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

// plants are breaches of the promise, each on calls of its own: what is done to the database, and what must be found.
var plants = []struct {
	kind  string
	plant func(w *world) (subject string)
}{
	{"error-of-erased-call", func(w *world) string {
		id := w.erased("interviewed")
		w.exec(`UPDATE function_runs SET last_error = 'model: they said five dollars' WHERE subject = $1`, id)
		return id
	}},
	{"error-of-erased-call", func(w *world) string {
		id := w.erased("interviewed")
		w.exec(`UPDATE calls SET error_message = 'The number (555) 123-4567 is not valid' WHERE id = $1`, id)
		return id
	}},
	{"error-without-consent", func(w *world) string {
		id := w.erased("interviewed")
		w.exec(`INSERT INTO run_errors (run_id, call_id, words, at) SELECT id, $1, 'five dollars', created_at FROM function_runs
			WHERE function = 'orchestrate-call' AND key = $1`, id)
		return id
	}},
	{"refusal-with-words", func(w *world) string {
		id := w.erased("interviewed")
		w.exec(`INSERT INTO call_history (id, call_id, at, what, detail) VALUES ($1, $2, $3, 'dial.refused', '21211 The number is not valid')`,
			"refusal", id, w.clock())
		return id
	}},
	{"event-without-id", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`DELETE FROM webhook_dedup WHERE "id" = $1`, sidOf(id)+":voice")
		return sidOf(id) + ":voice"
	}},
	{"id-without-event", func(w *world) string { // the id was committed before the work
		w.exec(`INSERT INTO webhook_dedup ("id", "receivedAt") VALUES ('CAlost:status:completed', $1)`, w.clock())
		return "CAlost:status:completed"
	}},
	{"event-accepted-twice", func(w *world) string {
		id := sidOf(w.take("interviewed")) + ":voice"
		w.exec(`DROP INDEX webhook_events_accepted`)
		w.exec(`INSERT INTO webhook_events SELECT 'again', event_id, kind, outcome, source, call_id, call_sid, account_sid, target,
			content_type, body, body_hash, idempotency_token, reply_status, reply_type, reply_body, error, attempt, 0, received_at
			FROM webhook_events WHERE event_id = $1`, id)
		return id
	}},
	{"event-without-reply", func(w *world) string {
		id := sidOf(w.take("interviewed")) + ":consent"
		w.exec(`UPDATE webhook_events SET reply_body = NULL WHERE event_id = $1`, id)
		return id
	}},
	{"event-without-call", func(w *world) string {
		id := sidOf(w.take("interviewed")) + ":status:ringing"
		w.exec(`UPDATE webhook_events SET call_id = 'nobody' WHERE event_id = $1`, id)
		return id
	}},
	{"event-of-another-call", func(w *world) string {
		id := sidOf(w.take("interviewed")) + ":status:ringing"
		w.exec(`UPDATE webhook_events SET call_sid = 'CAother' WHERE event_id = $1`, id)
		return id
	}},
	{"callsid-twice", func(w *world) string {
		one, two := w.take("interviewed"), w.take("busy")
		w.exec(`DROP INDEX calls_twilio_sid`)
		w.exec(`UPDATE calls SET twilio_sid = $1 WHERE id = $2`, sidOf(one), two)
		return sidOf(one)
	}},
	{"call-state", func(w *world) string { // the state went back
		id := w.take("interviewed")
		w.exec(`UPDATE calls SET status = 'RINGING', completed_at = NULL, duration = NULL WHERE id = $1`, id)
		return id
	}},
	{"call-state", func(w *world) string { // an effect is missing
		id := w.take("interviewed")
		w.exec(`UPDATE calls SET duration = NULL WHERE id = $1`, id)
		return id
	}},
	{"call-state", func(w *world) string { // of an erased call only the ids are left
		id := w.take("erased")
		w.exec(`UPDATE calls SET status = 'IN_PROGRESS' WHERE id = $1`, id)
		return id
	}},
	{"call-state", func(w *world) string { // an effect without event
		id := w.take("refused")
		w.exec(`UPDATE calls SET consent = 'given' WHERE id = $1`, id)
		return id
	}},
	{"recording-state", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE recordings SET status = 'in-progress', status_rank = 1 WHERE sid = $1`, recOf(id))
		return recOf(id)
	}},
	{"recording-lost", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`DELETE FROM recordings WHERE sid = $1`, recOf(id))
		return recOf(id)
	}},
	{"recording-without-event", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`INSERT INTO recordings (sid, call_id, status, status_rank, url, channels, created_at, updated_at)
			VALUES ('REstray', $1, 'in-progress', 1, '', 0, $2, $2)`, id, w.clock())
		return "REstray"
	}},
	{"run-stuck", func(w *world) string {
		w.pass(time.Hour)
		w.exec(`DELETE FROM river_job`)
		return w.text(`SELECT id FROM function_runs WHERE function = 'end-call' AND state = 'waiting'`)
	}},
	{"run-lost", func(w *world) string {
		id := w.take("machine")
		w.exec(`DELETE FROM function_runs WHERE function = 'end-call' AND key = $1`, id)
		return id
	}},
	{"run-unasked", func(w *world) string {
		id := w.take("interviewed")
		cause := w.text(`SELECT id FROM webhook_events WHERE event_id = $1`, sidOf(id)+":voice")
		w.exec(`UPDATE function_runs SET cause = $1 WHERE function = 'transcribe-recording' AND key = $2`, cause, id+":"+recOf(id))
		return id
	}},
	{"run-without-cause", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE function_runs SET cause = 'nothing' WHERE function = 'extract-claims' AND key = $1`, id+":"+recOf(id))
		return w.text(`SELECT id FROM function_runs WHERE function = 'extract-claims' AND key = $1`, id+":"+recOf(id))
	}},
	{"answer-lost", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`DELETE FROM utterances WHERE call_id = $1 AND recording_sid = ''`, id)
		return id
	}},
	{"answer-without-event", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`INSERT INTO utterances (call_id, recording_sid, position, speaker, text, start_sec, end_sec)
			VALUES ($1, '', 2, 'callee', 'never said', 0, 0)`, id)
		return id
	}},
	{"call-without-run", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`DELETE FROM function_runs WHERE function = 'orchestrate-call' AND key = $1`, id)
		return id
	}},
	{"call-never-dialled", func(w *world) string {
		id := w.take("rejected")
		w.exec(`UPDATE calls SET status = 'QUEUED', dialed_at = NULL WHERE id = $1`, id)
		return id
	}},
	{"dialled-twice", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`INSERT INTO call_history (id, call_id, at, what, detail) VALUES ('second', $1, $2, 'dial.intent', '')`, id, w.clock())
		return id
	}},
	{"accepted-without-intent", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`DELETE FROM call_history WHERE call_id = $1 AND what = 'dial.intent'`, id)
		return id
	}},
	{"two-calls-for-one", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE call_history SET detail = 'CAsecond' WHERE call_id = $1 AND what = 'dial.accepted'`, id)
		return id
	}},
	{"call-unwatched", func(w *world) string {
		id := w.take("open")
		w.exec(`DELETE FROM call_watch WHERE call_id = $1`, id)
		return id
	}},
	{"words-without-consent", func(w *world) string {
		id := w.take("refused")
		w.exec(`UPDATE calls SET transcript = 'callee: hello' WHERE id = $1`, id)
		return id
	}},
	{"recording-without-consent", func(w *world) string {
		id := w.take("refused")
		w.exec(`UPDATE recordings SET status = 'completed', status_rank = 3 WHERE call_id = $1`, id)
		w.exec(`DELETE FROM function_runs WHERE function = 'delete-recording' AND key = $1`, id+":"+recOf(id))
		return recOf(id)
	}},
	{"recording-without-run", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`DELETE FROM function_runs WHERE function = 'transcribe-recording' AND key = $1`, id+":"+recOf(id))
		return recOf(id)
	}},
	{"transcript-without-run", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE function_runs SET state = 'waiting' WHERE function = 'transcribe-recording' AND key = $1`, id+":"+recOf(id))
		return recOf(id)
	}},
	{"run-without-transcript", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE recordings SET transcribed_at = NULL WHERE sid = $1`, recOf(id))
		return recOf(id)
	}},
	{"utterance-without-transcript", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE recordings SET transcribed_at = NULL WHERE sid = $1`, recOf(id))
		return id
	}},
	{"dropped-without-transcript", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE dropped_segments SET recording_sid = 'REstray' WHERE call_id = $1`, id)
		return id
	}},
	{"dropped-without-consent", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE calls SET consent = 'refused' WHERE id = $1`, id)
		return id
	}},
	{"transcript-without-extraction", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`DELETE FROM function_runs WHERE function = 'extract-claims' AND key = $1`, id+":"+recOf(id))
		return recOf(id)
	}},
	{"claims-without-run", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE function_runs SET state = 'failed' WHERE function = 'extract-claims' AND key = $1`, id+":"+recOf(id))
		return id
	}},
	{"run-without-extraction", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE recordings SET extracted_at = NULL WHERE sid = $1`, recOf(id))
		return recOf(id)
	}},
	{"evidence-without-run", func(w *world) string {
		id := w.campaign.Hypotheses[0].ID
		w.exec(`UPDATE hypotheses SET evidence_revision = evidence_revision + 1 WHERE id = $1`, id)
		return id
	}},
	{"verdict-without-run", func(w *world) string {
		id := w.campaign.Hypotheses[0].ID
		w.exec(`INSERT INTO verdicts (id, hypothesis_id, revision, status, conclusion, consistency, confidence, claims, calls, reasons,
			model, created_at) VALUES ('v', $1, 900, 'VALIDATED', '', 1, 1, 3, 3, '[]', '', $2)`, id, w.clock())
		return id
	}},
	{"judged-without-verdict", func(w *world) string {
		id := w.campaign.Hypotheses[0].ID
		w.exec(`UPDATE hypotheses SET judged_revision = 901 WHERE id = $1`, id)
		return id
	}},
	{"deletion-undone", func(w *world) string {
		id := w.take("refused")
		w.exec(`UPDATE recordings SET status = 'completed', status_rank = 3 WHERE call_id = $1`, id)
		return recOf(id)
	}},
	{"deleted-without-run", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE recordings SET status = 'deleted', status_rank = 4 WHERE call_id = $1`, id)
		return recOf(id)
	}},
	{"recording-before-consent", func(w *world) string { // by Twilio's time
		id := w.take("interviewed")
		w.exec(`UPDATE recordings SET started_at = $1 WHERE sid = $2`, w.clock().Add(-24*time.Hour), recOf(id))
		return recOf(id)
	}},
	{"recording-before-consent", func(w *world) string { // by its first sight
		id := w.take("interviewed")
		w.exec(`UPDATE calls SET early_recordings = $1 WHERE id = $2`, "REother "+recOf(id), id)
		return recOf(id)
	}},
	{"words-of-deleted-recording", func(w *world) string {
		id := w.take("interviewed")
		w.exec(`UPDATE recordings SET status = 'deleted', status_rank = 4 WHERE call_id = $1`, id)
		return recOf(id)
	}},
	{"call-uncleared", func(w *world) string {
		id := w.take("refused")
		w.exec(`DELETE FROM call_watch WHERE call_id = $1`, id)
		return id
	}},
	{"call-uncleared", func(w *world) string { // an erasure is looked after again
		id := w.take("erased")
		w.exec(`DELETE FROM call_watch WHERE call_id = $1`, id)
		return id
	}},
	{"call-state", func(w *world) string { // a voice counts as a key
		id := w.take("interviewed")
		w.exec(`UPDATE calls SET consent_by = 'keypad' WHERE id = $1`, id)
		return id
	}},
	{"overdue", func(w *world) string { // its verdict was lost
		id := w.take("open")
		w.exec(`UPDATE calls SET answered_by = '' WHERE id = $1`, id)
		w.pass(10 * time.Minute)
		return id
	}},
	{"overdue", func(w *world) string { // its end was dropped
		id := w.take("open")
		w.pass(2 * time.Hour)
		return id
	}},
}

func TestPlantedViolationIsNotFound(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.populate(38)
		if report := w.verify(); !report.OK() {
			t.Fatal(show(report))
		}
		for _, p := range plants {
			subject := p.plant(w)
			if report := w.verify(); !has(report, p.kind, subject) {
				t.Errorf("%s of %s: %v", p.kind, subject, report.Breaches)
			}
		}
		report := w.verify()
		var text bytes.Buffer
		w.must(report.Write(&text))
		for _, p := range plants {
			if !strings.Contains(text.String(), p.kind) {
				t.Errorf("%s is not in the printed report", p.kind)
			}
		}
		encoded, err := json.Marshal(report)
		w.must(err)
		if bytes.Contains(encoded, []byte("+1555")) || bytes.Contains(encoded, []byte("dollars")) {
			t.Errorf("personal data in the report: %s", encoded)
		}
	})
}

func TestIdsOfTheProgramBeforeAreTakenForLost(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.exec(`INSERT INTO webhook_dedup ("id", "receivedAt") VALUES ('CAold:voice', $1)`, w.clock().Add(-24*365*time.Hour))
		report := w.verify()
		if !report.OK() || report.Counts.LegacyIDs != 1 {
			t.Errorf("legacy %d%s", report.Counts.LegacyIDs, show(report))
		}
		report = w.verify(func(c *verify.Config) { c.LegacyBefore = time.Unix(0, 0) })
		if !has(report, "id-without-event", "CAold:voice") {
			t.Errorf("an id without event is not found when nothing is legacy: %v", report.Breaches)
		}
	})
}

func TestSettledDatabaseHasOpenWork(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.populate(1)
		report := w.verify(func(c *verify.Config) { c.Settled = true })
		if open := report.Counts.OpenRuns; open == 0 || report.Breaches["unfinished"] != 3+open {
			t.Errorf("of three calls and %d runs that are open, these are found: %v", open, report.Breaches)
		}
		if report := w.verify(func(c *verify.Config) { c.Since = w.clock().Add(time.Minute) }); report.Counts.Calls != 0 || !report.OK() {
			t.Errorf("since: %+v", report)
		}
	})
}

// Rows carry the time at which their transaction began, which is not the order in which they were decided.
func TestOrderWithinAMomentIsTakenForAViolation(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.populate(1)
		id := w.take("refused")
		// The second, decisive answer looks as if it had come before the first.
		first := w.text(`SELECT id FROM webhook_events WHERE event_id = $1`, sidOf(id)+":voice")
		w.exec(`UPDATE webhook_events SET id = $1 WHERE event_id = $2`, first[:10]+"ZZZZZZZZZZZZZZZZ", sidOf(id)+":consent:2")
		if report := w.verify(); !report.OK() {
			t.Error(show(report))
		}
	})
}
