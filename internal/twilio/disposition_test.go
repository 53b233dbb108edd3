package twilio_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/twilio"
)

// A code that is new in the table of refusals must be sorted into the dispositions of research too.
func TestEveryRefusalCodeHasADisposition(t *testing.T) {
	for _, c := range twilio.RefusalCodes() {
		call := interview.Call{Status: interview.CallFailed, TwilioSid: "CA1", ErrorCode: c.Code}
		d := call.Disposition()
		switch {
		case c.Refusal == twilio.NoRefusal:
			if d != interview.DispositionTechnical {
				t.Errorf("%d proves nothing, and is %s", c.Code, d)
			}
		case d == interview.DispositionTechnical:
			t.Errorf("%d (%s) has no disposition of its own", c.Code, c.Meaning)
		case c.Refusal != twilio.RefusesCallee && d != interview.DispositionNotAttempted:
			t.Errorf("%d (%s) says nothing of the number, and is %s", c.Code, c.Meaning, d)
		}
	}
}
