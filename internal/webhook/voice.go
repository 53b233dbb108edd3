package webhook

import (
	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// voice answers the first TwiML fetch of a call: somebody picked up, so greet and ask for consent.
//
// A call that is over by our books, or is to be, is ended politely, and asked nothing: whoever is still on the line is not
// part of an interview any more. So is one whose person already said no, should the fetch come late; one who said yes goes
// on. One that came in is greeted otherwise.
func (d v1) voice(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	switch {
	case call.Inbound() && !interviewing(call, event):
		return d.greetCaller(call, event)
	case isFallback(event.Form):
		return d.fallback(call, event)
	}
	before := call.Consent
	detect(&call, event)
	advance(&call, event.Form, event.ReceivedAt)

	document := d.ask(call, 1, call.Script.Greeting(), call.Script.ConsentQuestion())
	said := call.Script.IdentitySaid()
	switch {
	case call.Status.Terminal(), call.Canceling():
		document, said = farewell(call.Script, call.Script.Ended()), ""
	case call.OnMachine():
		document, said = farewell(call.Script, call.Script.NoMessage()), call.Script.NoMessage()
	case call.Consent == interview.ConsentRefused:
		document, said = farewell(call.Script, call.Script.Declined()), ""
	case call.Consent == interview.ConsentGiven:
		document, said = d.interview(call), ""
	}
	call.SayIdentity(said, event.ReceivedAt)
	reply, err := render(document)
	return interview.Change{Call: call, Erase: withdrawn(before, call)}, reply, err
}

// interviewing reports whether the caller of a call that came in has come as far as the question for the consent.
func interviewing(call interview.Call, event *inbox.Event) bool {
	kind := failedRequest(event.Form, event.Subject).kind
	return call.ConsentAttempts > 0 || isFallback(event.Form) && (kind == KindConsent || kind == KindAnswer)
}
