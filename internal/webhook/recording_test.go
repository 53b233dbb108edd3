package webhook

import (
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

const recordingURL = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1"

func consented() interview.Call {
	call := answered()
	call.Consent = interview.ConsentGiven
	return call
}

func recorded(status string) *inbox.Event {
	return event(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", status, "RecordingUrl", recordingURL,
		"RecordingDuration", "83", "RecordingChannels", "2", "RecordingStartTime", "Sat, 14 Mar 2026 10:00:15 -0500")
}

func TestCompletedRecordingIsTranscribed(t *testing.T) {
	for _, status := range []interview.CallStatus{interview.CallInProgress, interview.CallCompleted} {
		call := consented()
		call.Status = status
		change, reply := decide(t, call, recorded("completed"))
		wantSuccess(t, reply)

		if len(change.Recordings) != 1 || len(change.Jobs) != 1 {
			t.Fatalf("a %s call's recording left %+v", status, change)
		}
		r := change.Recordings[0]
		start := time.Date(2026, 3, 14, 15, 0, 15, 0, time.UTC)
		if r.Sid != "RE1" || r.CallID != testCallID || r.Status != interview.RecordingCompleted || r.URL != recordingURL ||
			*r.Duration != 83 || r.Channels != 2 || !r.StartedAt.Equal(start) || r.StartedAt.Location() != time.UTC {
			t.Errorf("recording %+v", r)
		}
		if want := interview.NewTranscribeRecording(testCallID, "RE1", recordingURL); change.Jobs[0] != want {
			t.Errorf("job %+v, want %+v", change.Jobs[0], want)
		}
		if change.Call.Status != status {
			t.Errorf("the recording moved the call to %s", change.Call.Status)
		}
	}
}

func TestRecordingWithoutConsentIsDeletedNeverTranscribed(t *testing.T) {
	for _, consent := range []interview.Consent{interview.ConsentUnknown, interview.ConsentRefused} {
		call := consented()
		call.Consent = consent
		change, reply := decide(t, call, recorded("completed"))
		wantSuccess(t, reply)
		if want := []interview.Job{interview.NewDeleteRecording(testCallID, "RE1")}; !slices.Equal(change.Jobs, want) {
			t.Errorf("consent %q: %+v, want %+v", consent, change.Jobs, want)
		}
		if len(change.Recordings) != 1 || change.Recordings[0].Status != interview.RecordingCompleted || change.Recordings[0].URL != "" {
			t.Errorf("consent %q: %+v, want a completed recording whose audio nobody is led to", consent, change.Recordings)
		}

		// It has not ended, and its end may never be told: the job waits for it.
		change, _ = decide(t, call, recorded("in-progress"))
		if want := []interview.Job{interview.NewDeleteRecording(testCallID, "RE1")}; !slices.Equal(change.Jobs, want) ||
			len(change.Recordings) != 1 || change.Recordings[0].URL != "" {
			t.Errorf("consent %q, in progress: %+v", consent, change)
		}
	}
}

// yesAt is a call that was answered 20 s before the yes.
func yesAt(at time.Time) interview.Call {
	call, answer := consented(), at.Add(-20*time.Second)
	call.ConsentAt, call.StartedAt = &at, &answer
	return call
}

func startedAt(e *inbox.Event, at time.Time) *inbox.Event {
	e.Form.Set("RecordingStartTime", at.Format(time.RFC1123Z))
	return e
}

func TestRecordingThatBeganBeforeTheYesIsDeletedNeverTranscribed(t *testing.T) {
	yes := testTime
	isDeleted := func(name string, call interview.Call, e *inbox.Event, want bool) interview.Call {
		t.Helper()
		change, _ := decide(t, call, e)
		asked := slices.Contains(change.Jobs, interview.NewDeleteRecording(testCallID, "RE1"))
		transcribed := slices.Contains(change.Jobs, interview.NewTranscribeRecording(testCallID, "RE1", recordingURL))
		if asked != want || transcribed == want || want == (change.Recordings[0].URL != "") {
			t.Errorf("%s: deleted %t, transcribed %t, %+v", name, asked, transcribed, change.Recordings[0])
		}
		return change.Call
	}
	without := func(e *inbox.Event, source string) *inbox.Event {
		e.Form.Del("RecordingStartTime")
		e.Form.Set("RecordingSource", source)
		return e
	}
	for seconds, want := range map[time.Duration]bool{-20: true, -9: true, -6: true, -4: false, -1: false, 0: false, 3: false} {
		isDeleted((seconds * time.Second).String(), yesAt(yes), startedAt(recorded("completed"), yes.Add(seconds*time.Second)), want)
	}
	quick := yesAt(yes) // pressed 1 in the middle of the greeting
	answer := yes.Add(-3 * time.Second)
	quick.StartedAt = &answer
	isDeleted("with the call", quick, startedAt(recorded("completed"), answer), true)
	isDeleted("after a quick yes", quick, startedAt(recorded("completed"), yes.Add(-time.Second)), false)
	unanswered := yesAt(yes)
	unanswered.StartedAt = nil
	isDeleted("answer not known", unanswered, startedAt(recorded("completed"), yes.Add(-time.Minute)), true)

	isDeleted("start not said", yesAt(yes), without(recorded("completed"), ""), false)
	isDeleted("ours, start not said", yesAt(yes), without(recorded("completed"), "StartCallRecordingTwiML"), false)
	isDeleted("another's, start not said", yesAt(yes), without(recorded("completed"), "StartCallRecordingAPI"), true)
	isDeleted("Record=true", yesAt(yes), without(recorded("completed"), "OutboundAPI"), true)
	late := startedAt(recorded("completed"), yes.Add(time.Second))
	late.Form.Set("RecordingSource", "OutboundAPI")
	isDeleted("Record=true on a clock of its own", yesAt(yes), late, true)
	late = startedAt(recorded("completed"), yes.Add(time.Second))
	late.Form.Set("RecordingSource", "StartCallRecordingAPI")
	isDeleted("another's, after the yes", yesAt(yes), late, false)

	// What was seen before the yes is never forgotten, whatever its end says.
	call := answered()
	change, _ := decide(t, call, without(recorded("in-progress"), ""))
	change, _ = decide(t, change.Call, event(KindConsent, "Digits", "1"))
	isDeleted("seen before the yes", change.Call, without(recorded("completed"), ""), true)
	// Nor is what its beginning said.
	change, _ = decide(t, yesAt(yes), startedAt(recorded("in-progress"), yes.Add(-15*time.Second)))
	isDeleted("its end does not say when it began", change.Call, without(recorded("completed"), ""), true)
	other := without(recorded("completed"), "")
	other.Form.Set("RecordingSid", "RE2")
	change, _ = decide(t, change.Call, other)
	if len(change.Jobs) != 1 || change.Jobs[0].Function != interview.TranscribeRecording {
		t.Errorf("another recording of the call: %+v", change.Jobs)
	}
}

func TestOnlyCompletedRecordingsAreTranscribed(t *testing.T) {
	for _, status := range []string{"in-progress", "absent", "failed"} {
		e := recorded(status)
		e.Form.Del("RecordingUrl")
		change, reply := decide(t, consented(), e)
		wantSuccess(t, reply)
		if len(change.Jobs) != 0 || len(change.Recordings) != 1 || string(change.Recordings[0].Status) != status ||
			change.Recordings[0].Duration != nil {
			t.Errorf("%s left %+v", status, change)
		}
	}
}

// "deleted" is a word of ours too: a callback must not make a tombstone.
func TestUnknownRecordingStatusChangesNothing(t *testing.T) {
	for _, status := range []string{"processing", "paused", "deleted", "COMPLETED"} {
		change, reply := decide(t, consented(), recorded(status))
		wantSuccess(t, reply)
		if len(change.Jobs)+len(change.Recordings) != 0 {
			t.Errorf("%s left %+v", status, change)
		}
	}
}

func TestOddRecordingDetailsFailNoWebhook(t *testing.T) {
	e := recorded("completed")
	e.Form.Set("RecordingDuration", "-1")
	e.Form.Set("RecordingChannels", "seven")
	e.Form.Set("RecordingStartTime", "yesterday")
	change, reply := decide(t, consented(), e)
	wantSuccess(t, reply)
	if r := change.Recordings[0]; r.Duration != nil || r.Channels != 0 || r.StartedAt != nil || len(change.Jobs) != 1 {
		t.Errorf("left %+v and %d jobs", r, len(change.Jobs))
	}
}
