package e2etest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/simulator"
)

func TestSecondOpinionNamesWhatIsLostOrDoubled(t *testing.T) {
	sent := func(ordinal int, kind simulator.Kind, params url.Values) simulator.Delivery {
		params.Set("CallSid", "CA1")
		return simulator.Delivery{Kind: kind, Ordinal: ordinal, Status: 200, URL: PublicURL + "/?callId=01", Params: params}
	}
	deliveries := []simulator.Delivery{
		sent(0, simulator.KindRecording, url.Values{"RecordingSid": {"RE1"}, "RecordingStatus": {"completed"}}),
		sent(1, simulator.KindStatus, url.Values{"CallStatus": {"no-answer"}}),
		sent(1, simulator.KindStatus, url.Values{"CallStatus": {"no-answer"}}), // the same again
	}
	sound := `{"twilioSid": "CA1", "status": "NO_ANSWER", "recordings": [{"sid": "RE1", "status": "completed"}],
		"events": [{"eventId": "a", "outcome": "accepted"}, {"eventId": "b", "outcome": "accepted"}, {"eventId": "b", "outcome": "conflict"}]}`
	for spoiled, want := range map[string]string{
		sound: "",
		strings.Replace(sound, `"CA1"`, `"CA2"`, 1):                                                           "CA2",
		strings.Replace(sound, "NO_ANSWER", "IN_PROGRESS", 1):                                                 "is IN_PROGRESS",
		strings.Replace(sound, `"b", "outcome": "conflict"`, `"CA1:status:queued", "outcome": "accepted"`, 1): "",
		strings.Replace(sound, `"conflict"`, `"accepted"`, 1):                                                 "b took effect 2 times",
		strings.Replace(sound, `"b", "outcome": "conflict"`, `"b"`, 1):                                        "",
		strings.Replace(sound, `"b", "outcome": "accepted"`, `"b"`, 1):                                        "2 webhooks were answered 2xx, 1 took effect",
		strings.Replace(sound, `"RE1"`, `"RE2"`, 1):                                                           "RE2",
		strings.Replace(sound, `{"sid": "RE1", "status": "completed"}`, ``, 1):                                "lacks the recording RE1",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, spoiled) }))
		faults, err := SecondOpinion(t.Context(), server.URL, deliveries, []string{"01"})
		server.Close()
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(faults, "; "); (want == "") != (all == "") || !strings.Contains(all, want) {
			t.Errorf("%s:\n%q, want %q", spoiled, all, want)
		}
	}
}
