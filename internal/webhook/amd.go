package webhook

import (
	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// decideAMD takes the result of asynchronous machine detection. The call goes on meanwhile, so a voicemail greeting may
// have been taken for an answer: a machine's consent is none, what was recorded of it is erased, and the call is ended,
// which only a job can do: the answer to this callback does not steer the call.
func decideAMD(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	before := call.Consent
	advance(&call, event.Form, event.ReceivedAt)
	hangUp := detect(&call, event)
	return withoutTwiML(before, call, hangUp), success(), nil
}

// detect takes in the verdict that any callback may carry: the one of the detection itself may be lost. Twilio was seen to
// send AnsweredBy with the status of a completed call, and sends it with the request for TwiML when detection comes first.
func detect(call *interview.Call, event *inbox.Event) (hangUp bool) {
	return call.Detect(interview.AnsweredBy(event.Form.Get("AnsweredBy")), event.ReceivedAt)
}

// withoutTwiML is the change by a callback whose answer does not steer the call.
func withoutTwiML(before interview.Consent, call interview.Call, hangUp bool) interview.Change {
	change := interview.Change{Call: call, Erase: withdrawn(before, call)}
	if hangUp && !call.Status.Terminal() {
		change.Jobs = []interview.Job{interview.NewEndCall(call.ID)}
	}
	return change
}
