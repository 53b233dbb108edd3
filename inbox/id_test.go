package inbox_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

func TestEventsOfOneCallKeepDifferentIDs(t *testing.T) {
	for _, tc := range []struct {
		kind        inbox.Kind
		form, query string
		want        string
	}{
		{inbox.KindVoice, "CallSid=CA1", "", "CA1:voice"},
		{inbox.KindVoice, "CallSid=CA1", "attempt=2", "CA1:voice"},
		{inbox.KindStatus, "CallSid=CA1&CallStatus=initiated", "", "CA1:status:initiated"},
		{inbox.KindStatus, "CallSid=CA1&CallStatus=completed", "", "CA1:status:completed"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=in-progress", "", "CA1:recording:RE1:in-progress"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=completed", "", "CA1:recording:RE1"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1", "", "CA1:recording:RE1"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=absent", "", "CA1:recording:RE1"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=failed", "", "CA1:recording:RE1"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=processing", "", "CA1:recording:RE1:processing"},
		{inbox.KindConsent, "CallSid=CA1", "", "CA1:consent"},
		{inbox.KindConsent, "CallSid=CA1", "attempt=1", "CA1:consent"},
		{inbox.KindConsent, "CallSid=CA1", "attempt=2", "CA1:consent:2"},
		{inbox.KindConsent, "CallSid=CA1", "attempt=03", "CA1:consent:3"},
	} {
		got, err := inbox.ID(tc.kind, values(t, tc.form), values(t, tc.query))
		if err != nil || got != tc.want {
			t.Errorf("ID(%s, %q, %q) = %q, %v; want %q", tc.kind, tc.form, tc.query, got, err, tc.want)
		}
	}
}

func TestIncompleteCallbackIsRefusedByName(t *testing.T) {
	for _, tc := range []struct {
		kind        inbox.Kind
		form, query string
		want        string
	}{
		{inbox.KindVoice, "", "CallSid=CA1", "Missing CallSid"},
		{inbox.KindStatus, "CallStatus=ringing", "", "Missing CallSid"},
		{inbox.KindStatus, "CallSid=CA1", "", "Missing CallStatus"},
		{inbox.KindRecording, "CallSid=CA1", "", "Missing RecordingSid"},
		{inbox.KindVoice, "CallSid=CA%001", "", "Invalid CallSid"},
		{inbox.KindVoice, "CallSid=CA1:status", "", "Invalid CallSid"},
		{inbox.KindVoice, "CallSid=" + strings.Repeat("A", 65), "", "Invalid CallSid"},
		{inbox.KindStatus, "CallSid=CA1&CallStatus=%ff", "", "Invalid CallStatus"},
		{inbox.KindRecording, "CallSid=CA1&RecordingSid=RE1&RecordingStatus=a:b", "", "Invalid RecordingStatus"},
		{inbox.KindConsent, "CallSid=CA1", "attempt=two", "Invalid attempt"},
		{inbox.KindConsent, "CallSid=CA1", "attempt=0", "Invalid attempt"},
	} {
		_, err := inbox.ID(tc.kind, values(t, tc.form), values(t, tc.query))
		var refusal *inbox.Refusal
		if !errors.As(err, &refusal) || refusal.Status != 400 || refusal.Reason != tc.want {
			t.Errorf("ID(%s, %q, %q): %v, want 400 %s", tc.kind, tc.form, tc.query, err, tc.want)
		}
	}
}

func TestUnknownKindIsNotTheSendersFault(t *testing.T) {
	_, err := inbox.ID("amd", values(t, "CallSid=CA1"), nil)
	var refusal *inbox.Refusal
	if err == nil || errors.As(err, &refusal) {
		t.Errorf("ID of an unknown kind: %v, want a plain error", err)
	}
}

func values(t *testing.T, encoded string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
