package twilio_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/twilio"
)

func TestGoodbyeIsSaidBeforeHangingUp(t *testing.T) {
	client, requests := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		said := r.Form.Get("Twiml")
		if r.URL.Path != "/2010-04-01/Accounts/"+account+"/Calls/"+sid1+".json" || r.Form.Has("Status") ||
			!strings.Contains(said, "<Say>Bread &amp; butter.</Say><Hangup/>") {
			t.Errorf("%s %v", r.URL.Path, r.Form)
		}
		_, _ = io.WriteString(w, `{"sid":"`+sid1+`","status":"in-progress"}`)
	})
	if err := client.SayGoodbye(t.Context(), sid1, twilio.Goodbye{Words: "Bread & butter."}); err != nil || requests.Load() != 1 {
		t.Errorf("%d requests, %v", requests.Load(), err)
	}
}

func TestGoodbyeToACallThatIsOverIsRefused(t *testing.T) {
	client, _ := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"code":21220,"message":"Call is not in-progress. Cannot redirect.","status":400}`)
	})
	if e := failure(t, client.SayGoodbye(t.Context(), sid1, twilio.Goodbye{Words: "Bye."})); !e.Refused() || e.Code != 21220 {
		t.Errorf("%v", e)
	}
}

func TestMachineDetectionIsAskedForWithItsCallback(t *testing.T) {
	var form []string
	client, _ := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		form = nil
		for _, name := range []string{"MachineDetection", "AsyncAmd", "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod"} {
			form = append(form, r.Form.Get(name))
		}
		w.WriteHeader(201)
		_, _ = io.WriteString(w, `{"sid":"`+sid1+`","account_sid":"`+account+`","status":"queued"}`)
	})
	detecting := call
	detecting.MachineURL = "https://h/amd?callId=1#rc=5"
	if _, err := client.CreateCall(t.Context(), detecting); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(form, " "); got != "Enable true https://h/amd?callId=1#rc=5 POST" {
		t.Errorf("asked for %q", got)
	}
	if _, err := client.CreateCall(t.Context(), call); err != nil || strings.TrimSpace(strings.Join(form, "")) != "" {
		t.Errorf("without a callback: %q, %v", form, err)
	}
}
