package webhook

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

func TestVersionOfTheCallDecides(t *testing.T) {
	second := V1(interview.CallbackURLs{Base: "https://calls.example.com"})
	second.Name = "v2"
	w := New(Config{Versions: []Version{V1(interview.CallbackURLs{Base: "https://calls.example.com"}), second}})
	call := dialed()
	for version, path := range map[interview.Version]string{
		"": "/api/webhooks/twilio/consent?", "v1": "/api/webhooks/v1/twilio/consent?", "v2": "/api/webhooks/v2/twilio/consent?",
	} {
		call.Version = version
		change, reply, err := w.Decide(call, event(inbox.KindVoice, "CallStatus", "in-progress"))
		if err != nil || change.Call.Version != version || !strings.Contains(string(reply.Body), path) {
			t.Errorf("%q: %s, version %q, %v", version, reply.Body, change.Call.Version, err)
		}
	}
	call.Version = "v3"
	var refusal *inbox.Refusal
	if _, _, err := w.Decide(call, event(inbox.KindVoice)); err == nil || errors.As(err, &refusal) || !strings.Contains(err.Error(), "v3") {
		t.Errorf("a version that is not there: %v, want an error that is no refusal", err)
	}
	delete(second.Decisions, inbox.KindVoice)
	call.Version = "v2"
	if _, _, err := w.Decide(call, event(inbox.KindVoice)); !errors.As(err, &refusal) || refusal.Status != 409 {
		t.Errorf("a kind of another version: %v, want a refusal with 409", err)
	}
}

func TestDifferencesNameFieldsAndNoValues(t *testing.T) {
	of := func(change func(*Outcome)) Outcome {
		o := Outcome{Change: interview.Change{Call: dialed()}, Reply: success()}
		change(&o)
		return o
	}
	for want, other := range map[string]Outcome{
		"":                        of(func(o *Outcome) { o.Change.Jobs = []interview.Job{} }),
		"call.Consent reply.body": of(func(o *Outcome) { o.Change.Call.Consent, o.Reply.Body = "given", []byte("x") }),
		"jobs erase": of(func(o *Outcome) {
			o.Change.Jobs, o.Change.Erase = []interview.Job{interview.NewDeleteRecording("c", "RE1")}, true
		}),
		"error": of(func(o *Outcome) { o.Err = inbox.Refuse(409, "Call mismatch") }),
	} {
		if got := strings.Join(Differences(of(func(*Outcome) {}), other), " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	refused := func(status int) Outcome { return Outcome{Err: fmt.Errorf("%w", inbox.Refuse(status, "no"))} }
	if got := Differences(refused(404), refused(404)); got != nil {
		t.Errorf("the same refusals differ in %v", got)
	}
	if got := Differences(refused(404), refused(409)); !reflect.DeepEqual(got, []string{"error"}) {
		t.Errorf("other refusals differ in %v", got)
	}
}
