package webhook

import (
	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// decideStatus takes a call status callback. These come as separate requests in any order; [interview.Call.Advance] sorts
// them. A verdict that comes with the end was made before it, and is taken in so. Of a call that ended without being completed it keeps Twilio's reason, where no earlier one is known.
func decideStatus(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	before := call.Consent
	hangUp := detect(&call, event)
	status := advance(&call, event.Form, event.ReceivedAt)
	// Source: Twilio: Trusted Calling with SHAKEN/STIR. A later callback of a call may say null where an earlier one had a letter.
	if stir := event.Form.Get("StirStatus"); stir != "" && stir != "null" {
		call.StirStatus = stir
	}

	// Twilio's words may name the number, so an erased call takes none.
	if status.Terminal() && status == call.Status && status != interview.CallCompleted && call.ErasedAt == nil {
		if code, ok := number(event.Form, "ErrorCode"); ok && call.ErrorCode == 0 {
			call.ErrorCode = code
		}
		if call.ErrorMessage == "" {
			call.ErrorMessage = event.Form.Get("ErrorMessage")
		}
		if sip, ok := number(event.Form, "SipResponseCode"); ok && call.ErrorMessage == "" {
			call.ErrorMessage = interview.SIPResponseMessage(sip)
		}
	}
	return withoutTwiML(before, call, hangUp), success(), nil
}
