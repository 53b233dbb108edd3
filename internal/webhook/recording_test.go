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

		// It has not ended: Twilio would say so, and its end comes.
		change, _ = decide(t, call, recorded("in-progress"))
		if len(change.Jobs) != 0 || len(change.Recordings) != 1 || change.Recordings[0].URL != "" {
			t.Errorf("consent %q, in progress: %+v", consent, change)
		}
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
