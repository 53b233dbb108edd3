package webhook

import (
	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// decideAMD takes the result of asynchronous machine detection. The call goes on meanwhile, so a voicemail greeting may
// have been heard as an answer: a machine's consent is none, what was recorded of it is erased, and the call is ended,
// which only a job can do: the answer to this callback does not steer the call.
func decideAMD(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	before := call.Consent
	advance(&call, event.Form, event.ReceivedAt)

	hangUp := call.Detect(interview.AnsweredBy(event.Form.Get("AnsweredBy")), event.ReceivedAt)
	change := interview.Change{Call: call, Erase: lost(before, call)}
	if hangUp {
		change.Jobs = []interview.Job{interview.NewEndCall(call.ID)}
	}
	return change, success(), nil
}
