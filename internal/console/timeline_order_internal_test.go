package console

import (
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// A simulated call passes within a millisecond, and so may a real one's last steps.
func TestWhatHappenedAtOneMomentIsInTheOrderOfCauseAndEffect(t *testing.T) {
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	ahead := at.Add(30 * time.Second) // Twilio's clock
	twiml := inbox.Reply{ContentType: "text/xml", Body: []byte("<Response><Say>Hello.</Say></Response>")}
	detail := store.CallDetail{Call: interview.Call{ID: "c", CreatedAt: at, Status: interview.CallCompleted, Direction: interview.DirectionOutbound, AnsweredBy: "human"},
		Recordings: []interview.Recording{{Sid: "RE1", Status: interview.RecordingCompleted, StartedAt: &ahead, TranscribedAt: &at}},
		Claims:     []interview.Claim{{Text: "Bread is dear.", CreatedAt: at}},
		History:    []store.HistoryEntry{{At: at, What: "dial.intent"}, {At: at, What: "dial.accepted"}}}
	payloads := map[string]store.Payload{}
	for _, w := range []struct{ id, kind, body string }{
		{"w1", "status", "CallStatus=initiated&SequenceNumber=0"}, {"w2", "voice", ""}, {"w3", "status", "CallStatus=in-progress&SequenceNumber=2"},
		{"w4", "consent", "SpeechResult=yes"}, {"w5", "status", "CallStatus=ringing&SequenceNumber=1"}, {"w6", "recording", "RecordingSid=RE1&RecordingStatus=completed"},
		{"w7", "status", "CallStatus=completed&SequenceNumber=4"},
	} {
		detail.Webhooks = append(detail.Webhooks, store.Webhook{ID: w.id, Kind: inbox.Kind(w.kind), Outcome: inbox.Accepted, Source: inbox.SourceWebhook, ReceivedAt: at})
		payload := store.Payload{Body: []byte(w.body)}
		if w.kind == "voice" || w.kind == "consent" {
			payload.Reply = twiml
		}
		payloads[w.id] = payload
	}
	run := func(f interview.Function) store.LedgerRun {
		return store.LedgerRun{Function: f, State: interview.RunDone, CreatedAt: at, StartedAt: &at, FinishedAt: &at}
	}
	timeline := timelineOf{detail: detail, payloads: payloads, now: at, path: func(p string) string { return p }, shown: func(text string) string { return text },
		runs:     []store.LedgerRun{run(interview.ValidateClaim), run(interview.ExtractClaims), run(interview.TranscribeRecording), run(interview.OrchestrateCall)},
		verdicts: []store.CallVerdict{{Status: interview.HypothesisValidated, CreatedAt: at}}}
	const (
		before = "queued, orchestrate-call, about to be dialled, Twilio takes the call, "
		after  = "transcribe-recording, transcribed, extract-claims, claim, validate-claim, VALIDATED"
	)
	for _, order := range []struct {
		arrival bool
		want    string
	}{
		{false, before + "status 0, voice, TwiML, status 1, status 2, consent, TwiML, recording begins, status callback 3, status 4, recording, " + after},
		{true, before + "status 0, voice, TwiML, status 2, consent, TwiML, status 1, recording begins, recording, status callback 3, status 4, " + after},
	} {
		timeline.arrival = order.arrival
		var got []string
		for _, e := range timeline.entries() {
			what := e.what
			if e.sequence >= 0 && what == "status" {
				what += " " + number(e.sequence)
			}
			got = append(got, what)
		}
		if text := strings.Join(got, ", "); text != order.want {
			t.Errorf("arrival %v:\n%s\nwant\n%s", order.arrival, text, order.want)
		}
	}
}

// A recording lasts until its call is over, whichever of the two callbacks is delivered first.
func TestCallEndsBeforeItsRecordingUnlessItsEndIsToldMuchLater(t *testing.T) {
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for _, end := range []struct {
		after  time.Duration
		source inbox.Source
		want   string
	}{
		{-time.Second, inbox.SourceWebhook, "ringing, completed, recording, transcribe-recording"},
		{0, inbox.SourceWebhook, "ringing, completed, recording, transcribe-recording"},
		{2 * time.Second, inbox.SourceWebhook, "ringing, completed, recording, transcribe-recording"},
		{time.Minute, inbox.SourceWebhook, "ringing, recording, transcribe-recording, completed"},
		{2 * time.Second, inbox.SourceReconciled, "ringing, recording, transcribe-recording, completed"},
	} {
		detail, payloads := store.CallDetail{Call: interview.Call{ID: "c", CreatedAt: at.Add(-time.Hour)}}, map[string]store.Payload{}
		for n, w := range []struct {
			kind inbox.Kind
			body string
			at   time.Time
			from inbox.Source
		}{
			{inbox.KindRecording, "RecordingSid=RE1&RecordingStatus=completed", at, inbox.SourceWebhook},
			{inbox.KindStatus, "CallStatus=completed&SequenceNumber=1", at.Add(end.after), end.source},
			{inbox.KindStatus, "CallStatus=ringing&SequenceNumber=0", at.Add(-time.Minute), inbox.SourceWebhook},
		} {
			id := number(n)
			detail.Webhooks = append(detail.Webhooks, store.Webhook{ID: id, Kind: w.kind, Outcome: inbox.Accepted, Source: w.from, ReceivedAt: w.at})
			payloads[id] = store.Payload{Body: []byte(w.body)}
		}
		begun := at.Add(time.Second)
		timeline := timelineOf{detail: detail, payloads: payloads, now: at, path: func(p string) string { return p }, shown: func(text string) string { return text },
			runs: []store.LedgerRun{{Function: interview.TranscribeRecording, State: interview.RunDone, CreatedAt: at, StartedAt: &begun, FinishedAt: &begun}}}
		var got []string
		for _, e := range timeline.entries() {
			switch {
			case e.lane == laneTwilio && e.what == "status":
				status, _, _ := strings.Cut(e.detail, ",")
				got = append(got, status)
			case e.lane != laneCall:
				got = append(got, e.what)
			}
		}
		if strings.Join(got, ", ") != end.want {
			t.Errorf("%s %s later: %s, want %s", end.source, end.after, strings.Join(got, ", "), end.want)
		}
	}
}

// The row of a run keeps only its newest attempt and end.
func TestTimelineHasTheEndsOfARunBeforeItWasRetriedAndWhoRetriedIt(t *testing.T) {
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	minutes := func(n int) time.Time { return at.Add(time.Duration(n) * time.Minute) }
	started, finished := minutes(21), minutes(22)
	retry := func(n int, detail map[string]any) store.Audited {
		return store.Audited{At: minutes(n), AuditEntry: interview.AuditEntry{Actor: "console:Kim", Action: interview.AuditRetryRun, Subject: "R", Reason: "Twilio is back", Detail: detail}}
	}
	history := []store.HistoryEntry{{At: minutes(10), What: store.NoteRetried, Detail: "transcribe-recording (run R) had failed for good after 4 attempts: busy; retried by console:Kim"},
		{At: minutes(15), What: store.NoteRetried, Detail: "transcribe-recording (run R) had failed for good after 6 attempts: busy; retried by console:Lee in bulk job B: all is well"}}
	timeline := timelineOf{detail: store.CallDetail{Call: interview.Call{ID: "c", CreatedAt: at}, History: history}, now: minutes(30), path: func(p string) string { return p },
		shown: func(text string) string { return text },
		runs: []store.LedgerRun{{ID: "R", Function: interview.TranscribeRecording, State: interview.RunDone, Attempts: 9, AttemptsAllowed: 12, CreatedAt: at, StartedAt: &started, FinishedAt: &finished},
			{ID: "S", Function: interview.ExtractClaims, State: interview.RunDone, Attempts: 1, AttemptsAllowed: 4, CreatedAt: finished, StartedAt: &finished, FinishedAt: &finished}},
		retries: []store.Audited{retry(10, map[string]any{"attempts": 4.0, "lastError": "busy", "failedAt": "2026-11-27T12:05:00.123Z"}), retry(20, map[string]any{"attempts": 8.0})}}
	var got []string
	for _, e := range timeline.entries() {
		if e.what != "queued" {
			got = append(got, strings.Join(strings.Fields(e.at.Format("15:04")+" "+e.what+" "+e.state+" "+e.detail), " "))
		}
	}
	want := []string{
		"12:05 transcribe-recording failed for good after 4 attempts: busy", "12:10 transcribe-recording retried by console:Kim: Twilio is back",
		// A bulk retry is in the history of the call alone; one that the audit log has is shown once.
		"12:15 transcribe-recording failed for good after 6 attempts: busy", "12:15 transcribe-recording retried by console:Lee in bulk job B: all is well",
		"12:20 transcribe-recording failed for good after 8 attempts", "12:20 transcribe-recording retried by console:Kim: Twilio is back",
		"12:21 transcribe-recording done, attempt 9 of 12 in 1 min 0 s", "12:22 extract-claims done in 0 s",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
