package webhook

import (
	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// decideRecording takes a recording status callback. A completed recording of a call with consent is transcribed.
//
// One without consent, never given or taken back, or that began before it, is deleted at Twilio: its audio is never fetched,
// and where it lies is not kept. What was decided so stays decided: no yes that comes later makes it ours, for a recording
// of ours starts with the answer to a yes. Its deletion is asked for at its first sight, lest its end is never told. A
// status that we do not know is kept as an event and changes nothing.
func decideRecording(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	before := call.Consent
	hangUp := detect(&call, event)
	change := withoutTwiML(before, call, hangUp)
	status := recordingStatus(event.Form)
	switch status {
	case interview.RecordingInProgress, interview.RecordingCompleted, interview.RecordingAbsent, interview.RecordingFailed:
	default:
		return change, success(), nil
	}

	recording := interview.Recording{
		Sid:    event.Form.Get("RecordingSid"),
		CallID: call.ID,
		Status: status,
		URL:    event.Form.Get("RecordingUrl"),
		Source: event.Form.Get("RecordingSource"),
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

	switch {
	case call.Consent != interview.ConsentGiven || call.Early(recording):
		recording.URL = ""
		change.Call.SeeEarly(recording.Sid)
		if status == interview.RecordingCompleted || status == interview.RecordingInProgress {
			change.Jobs = append(change.Jobs, interview.NewDeleteRecording(call.ID, recording.Sid))
		}
	case status == interview.RecordingCompleted:
		change.Jobs = append(change.Jobs, interview.NewTranscribeRecording(call.ID, recording.Sid, recording.URL))
	}
	change.Recordings = []interview.Recording{recording}
	return change, success(), nil
}
