package test_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
)

// TestSignedBytesThatAreNoTextAreSettledAtOnce sends what is signed and yet no text: a NUL, bytes that are not UTF-8, as values
// and in the query. Each is settled the first time, for Twilio would not send another.
func TestSignedBytesThatAreNoTextAreSettledAtOnce(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		server := e2etest.NewTwilio(t).Serve(t, e2etest.DefaultSettings(databaseURL).With("RECONCILE_EVERY", "0"))
		call := dialled(t, server, "/api/webhooks/twilio/", server.Place(t, "+15550001000")[0])
		const odd = "a\x00b\xff\xfec"
		send := func(kind, query string, more ...string) {
			t.Helper()
			w := call.webhook(kind, more...)
			w.Target += query
			for range 2 {
				if answer := server.Send(t, w); answer.Status != 200 {
					t.Errorf("%s%s %q was answered %d %s", kind, query, more, answer.Status, answer.Body)
				}
			}
		}
		send("voice", "&note=%00%ff", "CallStatus", "in-progress", "CallerName", odd)
		send("consent", "", "CallStatus", "in-progress", "Digits", "1", "SpeechResult", odd)
		send("answer", "&step=1", "CallStatus", "in-progress", "SpeechResult", odd)
		send("voice", "", "CallStatus", "in-progress", "ErrorCode", odd, "ErrorUrl", odd)
		send("recording", "", "RecordingSid", e2etest.Sid("RE", 1), "RecordingStatus", "in-progress", "RecordingUrl", odd, "RecordingSource", odd, "ErrorCode", odd)
		send("status", "&note=\xff\xfe;%&callId=another", "CallStatus", "ringing")
		send("amd", "", "AnsweredBy", "human", "MachineDetectionDuration", odd)
		send("status", "", "CallStatus", "completed", "CallDuration", odd, "ErrorMessage", odd, "ErrorCode", odd, "SipResponseCode", odd)
		for query, want := range map[string]string{"?callId=%": `{"error":"Call not found"}`, "?callId=;" + call.id: `{"error":"Call not found"}`,
			"?callId=%00": `{"error":"Malformed parameter"}`, "?callId=%ff": `{"error":"Malformed parameter"}`} {
			w := call.webhook("status", "CallStatus", "ringing")
			w.Target = call.path + "status" + query
			if answer := server.Send(t, w); answer.Body != want {
				t.Errorf("%s was answered %d %s, not %s", query, answer.Status, answer.Body, want)
			}
		}
	})
}
