package webhook

import (
	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// decideRecording takes a recording status callback. A completed recording of a call with consent is transcribed. One
// without consent is only noted, as completed, so that it is found and deleted; its audio is never fetched. A status that
// we do not know is kept as an event and changes nothing.
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

	change := interview.Change{Call: call, Recordings: []interview.Recording{recording}}
	if status == interview.RecordingCompleted && call.Consent == interview.ConsentGiven {
		change.Jobs = []interview.Job{interview.NewTranscribeRecording(call.ID, recording.Sid, recording.URL)}
	}
	return change, success(), nil
}
