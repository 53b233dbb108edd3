package webhook

import (
	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// decideRecording takes a recording status callback. A completed recording of a call with consent is transcribed. One
// without consent, never given or taken back, is deleted at Twilio: its audio is never fetched, and where it lies is not
// kept. No yes can come after this and make it ours, for a recording starts with the answer to a yes; and what was
// decided here stays decided. A status that we do not know is kept as an event and changes nothing.
func decideRecording(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	status := recordingStatus(event.Form)
	switch status {
	case interview.RecordingInProgress, interview.RecordingCompleted, interview.RecordingAbsent, interview.RecordingFailed:
	default:
		return interview.Change{Call: call}, success(), nil
	}

	recording := interview.Recording{
		Sid:    event.Form.Get("RecordingSid"),
		CallID: call.ID,
		Status: status,
		URL:    event.Form.Get("RecordingUrl"),
	}
	if status == interview.RecordingCompleted {
		recording.Duration = optionalNumber(event.Form, "RecordingDuration")
	}
	if channels, ok := number(event.Form, "RecordingChannels"); ok && channels <= 2 {
		recording.Channels = channels
	}
	if at, ok := moment(event.Form, "RecordingStartTime"); ok {
		recording.StartedAt = &at
	}

	var jobs []interview.Job
	switch {
	case call.Consent != interview.ConsentGiven:
		recording.URL = ""
		if status == interview.RecordingCompleted {
			jobs = []interview.Job{interview.NewDeleteRecording(call.ID, recording.Sid)}
		}
	case status == interview.RecordingCompleted:
		jobs = []interview.Job{interview.NewTranscribeRecording(call.ID, recording.Sid, recording.URL)}
	}
	return interview.Change{Call: call, Recordings: []interview.Recording{recording}, Jobs: jobs}, success(), nil
}
