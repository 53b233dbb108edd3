package webhook

import (
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// answer takes the live answer to a question and asks the next one; silence moves on too. What was said is kept with the
// step as its position and without a recording; its times are not known.
//
// An opt-out is recognised whether there is consent or not, and ends the call: see [optsOut]. It takes no consent back, so what was
// said before stays, and its own words are kept as the answer. A key other than that of the opt-out counts as silence.
//
// Nothing is kept without consent, nor of a step that the campaign has no question for. The next question is the one
// after the last answered: an answer that comes late is kept, and does not take the interview back.
func (d v1) answer(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	before := call.Consent
	advance(&call, event.Form, event.ReceivedAt)

	var change interview.Change
	step, _ := number(event.Query, "step")
	change.OptOut = optsOut(call, event, step)
	if call.Consent == interview.ConsentGiven && step <= len(call.Script.Asks()) {
		call.AnswerStep = max(call.AnswerStep, step)
		if said := strings.TrimSpace(event.Form.Get("SpeechResult")); said != "" {
			call.Answers++
			change.Utterances = []interview.Utterance{{
				CallID: call.ID, Position: step, Speaker: interview.SpeakerCallee, Text: said,
			}}
		}
	}
	detect(&call, event) // an answer outranks a verdict that comes with it
	change.Call, change.Erase = call, withdrawn(before, call)

	document := d.questions(call)
	switch {
	case change.OptOut != nil:
		document = farewell(call.Script, call.Script.OptedOut())
	case call.Status.Terminal(), call.Canceling():
		document = farewell(call.Script, call.Script.Ended())
	case call.Consent != interview.ConsentGiven:
		document = farewell(call.Script, call.Script.Declined())
	case step > len(call.Script.Asks()):
		document = farewell(call.Script, call.Script.Goodbye())
	}
	reply, err := render(document)
	return change, reply, err
}
