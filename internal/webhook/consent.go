package webhook

import (
	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// consent takes the answer to the consent question. A yes starts the recording and the interview, a no ends the call, and
// anything else, silence too, is asked once more and then counts as no.
//
// An opt-out is a no, too, and at once: it is looked for before the answer is read, see [optsOut].
//
// A no to a later asking takes a yes back, and everything that came of it. An answer to a call that is over is kept, for
// it was given, but starts nothing.
func (d v1) consent(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	before := call.Consent
	detect(&call, event)
	advance(&call, event.Form, event.ReceivedAt)

	attempt := consentAttempt(event.Query)
	optOut := optsOut(call, event, interview.OptOutAtConsent)
	answer := interview.ConsentAnswer{
		Digits: event.Form.Get("Digits"), Speech: event.Form.Get("SpeechResult"), Confidence: event.Form.Get("Confidence"),
		Language: call.Script.Language,
	}.Meaning()
	if optOut != nil {
		answer = interview.AnswerNo
	}
	call.AnswerConsent(attempt, answer, interview.ConsentMeansOf(event.Form.Get("Digits")), event.ReceivedAt)

	document := farewell(call.Script, call.Script.Declined())
	switch {
	case optOut != nil:
		document = farewell(call.Script, call.Script.OptedOut())
	case call.Status.Terminal(), call.Canceling():
		document = farewell(call.Script, call.Script.Ended())
	case call.Consent == interview.ConsentGiven:
		document = d.interview(call)
	case call.Consent == interview.ConsentUnknown:
		document = d.ask(call, attempt+1, call.Script.ConsentAgain())
	case answer == interview.AnswerUnclear:
		document = farewell(call.Script, call.Script.NotUnderstood())
	}
	reply, err := render(document)
	return interview.Change{Call: call, Erase: withdrawn(before, call), OptOut: optOut}, reply, err
}

// withdrawn reports whether an event took back a consent that was given.
func withdrawn(before interview.Consent, call interview.Call) bool {
	return before == interview.ConsentGiven && call.Consent != interview.ConsentGiven
}
