package test_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
)

// TestLateStatusDoesNotTakeACallBack delivers status callbacks in the wrong order, and each twice: requests of one call may
// overtake each other.
func TestLateStatusDoesNotTakeACallBack(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabaseAndEngine(t, func(t *testing.T, settings e2etest.Settings) {
		server := e2etest.NewTwilio(t).Serve(t, settings)
		call := dialled(t, server, "/api/webhooks/twilio/", server.Place(t, "+15550001000")[0])
		callbacks := []e2etest.Webhook{
			call.webhook("status", "CallStatus", "completed", "CallDuration", "42", "SequenceNumber", "3", "Timestamp", "Mon, 23 Nov 2026 10:01:00 +0000"),
			call.webhook("status", "CallStatus", "ringing", "SequenceNumber", "1", "Timestamp", "Mon, 23 Nov 2026 10:00:05 +0000"),
			call.webhook("status", "CallStatus", "initiated", "SequenceNumber", "0", "Timestamp", "Mon, 23 Nov 2026 10:00:00 +0000"),
		}
		for _, w := range callbacks {
			call.want(w, 200, success)
			ended(t, call)
		}
		before := ended(t, call)
		for _, w := range callbacks {
			call.want(w, 200, duplicate)
		}
		after := ended(t, call)
		if got, want := len(after.Events), len(before.Events); got != want || got != len(callbacks) {
			t.Errorf("%d events before the duplicates, %d after, %d were sent", want, got, len(callbacks))
		}
	})
}

func ended(t *testing.T, l line) e2e.Call {
	t.Helper()
	call := l.Status("COMPLETED")
	if call.Duration == nil || *call.Duration != 42 {
		t.Errorf("the call's duration is %v, not 42 s", call.Duration)
	}
	return call
}
