package store

import (
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/webhook"
)

// Whoever ends a run holds its row while it waits for the call's. A webhook that holds the call's and asks for the same run
// again must not wait for that row, or the two would wait for each other.
func TestWebhookDoesNotWaitForARunThatItAsksForAgain(t *testing.T) {
	s := open(t, storetest.Postgres(t), Options{})
	l := dialledLine(t, s)
	l.send(inbox.KindVoice, "CallStatus", "in-progress")
	l.send(webhook.KindConsent, "Digits", "2")
	l.send(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "in-progress")
	if n := l.runs(interview.DeleteRecording); n != 1 {
		t.Fatalf("%d deletions were asked for at first sight", n)
	}
	ending, err := s.postgres.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ending.Rollback(t.Context()) }()
	if _, err := ending.Exec(t.Context(), `UPDATE function_runs SET heartbeat_at = now() WHERE function = 'delete-recording'`); err != nil {
		t.Fatal(err)
	}
	if result := l.recordingEnds(); result.Outcome != inbox.Accepted {
		t.Errorf("the recording's end was %s", result.Outcome)
	}
	if n := l.runs(interview.DeleteRecording); n != 1 {
		t.Errorf("%d deletions were asked for", n)
	}
}
