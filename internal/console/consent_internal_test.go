package console

import (
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func TestNothingWasRecordedIsSaidOnlyOnceItIsProven(t *testing.T) {
	at := time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC)
	over := interview.Call{Status: interview.CallCompleted, TwilioSid: "CA1", DialedAt: &at, StartedAt: &at, CompletedAt: &at}
	const proven, open = "Nothing was recorded.", "It is not certain yet that Twilio has no recording."
	for name, change := range map[string]func(*interview.Call){
		"not asked":    func(*interview.Call) {},
		"refused":      func(c *interview.Call) { c.Consent = interview.ConsentRefused },
		"a machine":    func(c *interview.Call) { c.Consent, c.AnsweredBy = interview.ConsentRefused, "machine_start" },
		"no beginning": func(c *interview.Call) { c.StartedAt = nil },
	} {
		call := over
		change(&call)
		said := func() string {
			return noRecording(call) + " " + speechView{detail: store.CallDetail{Call: call}}.transcriptMissing().text
		}
		if got := said(); strings.Contains(got, proven) || strings.Count(got, open) != 2 {
			t.Errorf("%s, before the proof: %s", name, got)
		}
		if call.ClearedAt = &at; strings.Count(said(), proven) != 2 || strings.Contains(said(), open) {
			t.Errorf("%s, after the proof: %s", name, said())
		}
	}
	for name, change := range map[string]func(*interview.Call){
		"erased":    func(c *interview.Call) { c.ErasedAt = &at },
		"withdrawn": func(c *interview.Call) { c.ConsentBy = interview.ConsentByRequest },
	} {
		call := over
		call.Consent = interview.ConsentRefused
		change(&call)
		if got := noRecording(call); !strings.Contains(got, open) {
			t.Errorf("%s, before the proof: %s", name, got)
		}
		if call.ClearedAt = &at; strings.Contains(noRecording(call), open) {
			t.Errorf("%s, after the proof: %s", name, noRecording(call))
		}
	}
	live := interview.Call{Status: interview.CallInProgress, TwilioSid: "CA1", DialedAt: &at, StartedAt: &at, Consent: interview.ConsentRefused}
	if got := noRecording(live); strings.Contains(got, proven) || !strings.Contains(got, "No recording was started.") {
		t.Errorf("a call under way: %s", got)
	}
}

func TestConsentSaysWhatThePersonDid(t *testing.T) {
	at := time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		consent interview.Consent
		by      interview.ConsentMeans
		body    string
		want    string
		row     string
	}{
		{interview.ConsentRefused, interview.ConsentBySpeech, "CallSid=CA1&Digits=&SpeechResult=", "no clear answer: nothing was said or pressed", "silence"},
		{interview.ConsentRefused, interview.ConsentBySpeech, "SpeechResult=Please+leave+a+message", "no clear answer: what was said is no plain yes or no", "said: Please leave a message"},
		{interview.ConsentRefused, interview.ConsentByKeypad, "Digits=5", "no clear answer: another key was pressed", "keys 5"},
		{interview.ConsentRefused, interview.ConsentBySpeech, "SpeechResult=No", "no, spoken", "said: No"},
		{interview.ConsentRefused, interview.ConsentByKeypad, "Digits=2", "no, by key", "keys 2"},
		{interview.ConsentRefused, interview.ConsentBySpeech, "", "no, or no clear answer", ""},
		{interview.ConsentRefused, interview.ConsentByDetector, "SpeechResult=yes", "no, because a machine answered", "said: yes"},
		{interview.ConsentRefused, interview.ConsentByRequest, "SpeechResult=yes", "no, withdrawn on request", "said: yes"},
		{interview.ConsentGiven, interview.ConsentBySpeech, "SpeechResult=yes", "yes, spoken", "said: yes"},
		{interview.ConsentGiven, interview.ConsentByKeypad, "Digits=1", "yes, by key", "keys 1"},
		{interview.ConsentUnknown, "", "SpeechResult=what", "–", "said: what"},
	} {
		asked := store.Webhook{ID: "w1", EventID: "CA1:consent:2", Kind: "consent", Outcome: inbox.Accepted, ReceivedAt: at}
		line := timelineOf{detail: store.CallDetail{Call: interview.Call{Consent: c.consent, ConsentBy: c.by, ConsentAt: &at}, Webhooks: []store.Webhook{asked}},
			payloads: map[string]store.Payload{"w1": {Body: []byte(c.body)}}, path: func(path string) string { return path }, shown: func(text string) string { return text }}
		if got := line.consentWords(); got != c.want {
			t.Errorf("%s by %s after %q: %q, want %q", c.consent, c.by, c.body, got, c.want)
		}
		if got := line.webhooks()[0].detail; got != c.row {
			t.Errorf("the row of %q: %q, want %q", c.body, got, c.row)
		}
	}
}
