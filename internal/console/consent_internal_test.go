package console

import (
	"strings"
	"testing"
	"time"

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
