package webhook

import (
	"net/url"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

func TestDifferentEventsHaveDifferentIDs(t *testing.T) {
	const sid = testCallSid
	for _, c := range []struct {
		event *inbox.Event
		want  string
	}{
		{event(inbox.KindVoice), sid + ":voice"},
		{event(inbox.KindStatus, "CallStatus", "initiated"), sid + ":status:initiated"},
		{event(inbox.KindStatus, "CallStatus", "completed"), sid + ":status:completed"},
		{event(inbox.KindStatus, "CallStatus", "no-answer"), sid + ":status:no-answer"},
		{event(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "in-progress"), sid + ":recording:RE1:in-progress"},
		{event(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "completed", "RecordingUrl", "u"), sid + ":recording:RE1"},
		{event(inbox.KindRecording, "RecordingSid", "RE1", "RecordingUrl", "u"), sid + ":recording:RE1"},
		{event(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "absent"), sid + ":recording:RE1"},
		{event(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "failed"), sid + ":recording:RE1"},
		{event(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "processing"), sid + ":recording:RE1:processing"},
		{event(KindConsent), sid + ":consent"},
		{asking("1", event(KindConsent)), sid + ":consent"},
		{asking("2", event(KindConsent)), sid + ":consent:2"},
		{asking("002", event(KindConsent)), sid + ":consent:2"},
		{asking("3", event(KindConsent)), sid + ":consent:3"},
	} {
		id, subject, err := Identify(c.event.Kind, c.event.Form, c.event.Query)
		if id != c.want || subject != testCallID || err != nil {
			t.Errorf("%v: id %q, subject %q, error %v; want id %q", c.event.Form, id, subject, err, c.want)
		}
	}
}

func TestMissingParametersAreRefusedByName(t *testing.T) {
	recording := []string{"RecordingSid", "RE1", "RecordingStatus", "completed", "RecordingUrl", "https://api.twilio.com/RE1"}
	without := func(kind inbox.Kind, name string, parameters ...string) *inbox.Event {
		e := event(kind, parameters...)
		e.Form.Del(name)
		return e
	}
	for _, c := range []struct {
		event  *inbox.Event
		reason string
	}{
		{without(inbox.KindStatus, "CallStatus", "CallStatus", "ringing"), "Missing CallStatus"},
		{without(inbox.KindRecording, "RecordingSid", recording...), "Missing RecordingSid"},
		{without(inbox.KindRecording, "RecordingUrl", recording...), "Missing RecordingUrl"},
	} {
		_, _, err := Identify(c.event.Kind, c.event.Form, c.event.Query)
		wantRefusal(t, err, 400, c.reason)
		_, _, err = newWebhooks().Decide(dialed(), c.event)
		wantRefusal(t, err, 400, c.reason)
	}
	for _, kind := range allKinds {
		e := anyEvent(kind)
		e.Query = url.Values{"callid": {testCallID}}
		_, _, err := Identify(kind, e.Form, e.Query)
		wantRefusal(t, err, 400, "Missing callId")

		e = without(kind, "CallSid")
		_, _, err = Identify(kind, e.Form, e.Query)
		wantRefusal(t, err, 400, "Missing CallSid")
	}
}

// The signature covers the body and the query alike, but only the query is ours.
func TestCallIDInTheBodyDoesNotCount(t *testing.T) {
	e := event(inbox.KindVoice, "callId", testCallID)
	_, _, err := Identify(e.Kind, e.Form, nil)
	wantRefusal(t, err, 400, "Missing callId")
}
