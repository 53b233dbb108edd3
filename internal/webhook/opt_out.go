package webhook

import (
	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// optsOut returns the opt-out that an answer is, or nil. It is looked for before anything else is read in the answer, also on a call
// that is over or has no consent: whoever says it is not called again.
func optsOut(call interview.Call, event *inbox.Event, step int) *interview.OptOut {
	digits := event.Form.Get("Digits")
	if !interview.OptsOut(call.Script.Language, digits, event.Form.Get("SpeechResult")) {
		return nil
	}
	return &interview.OptOut{Language: call.Script.Language, By: interview.OptOutMeansOf(digits), Step: step}
}
