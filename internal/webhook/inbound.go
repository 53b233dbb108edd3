package webhook

import (
	"strings"

	"github.com/twilio/twilio-go/twiml"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// interviewKey is the key by which somebody who calls us chooses the interview.
const interviewKey = "1"

// greetCaller answers the first request for TwiML of a call that came in: it says who we are, and what the keys do.
//
// Nobody vouches for a caller's number. So nothing is said but who we are and what we call about, and nothing that is known of an
// earlier call changes, except that whoever has the number is left alone.
func (d v1) greetCaller(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	advance(&call, event.Form, event.ReceivedAt)
	if verstat := event.Form.Get("StirVerstat"); verstat != "" {
		call.StirStatus = verstat
	}
	var document []twiml.Element
	switch failed := failedRequest(event.Form, event.Subject); {
	case call.Status.Terminal(), call.Canceling():
		document = farewell(call.Script, call.Script.Ended())
	case call.Consent == interview.ConsentRefused:
		document = farewell(call.Script, call.Script.Declined())
	case call.PhoneNumber == "" || call.CampaignID == "":
		introduction := call.Script.InboundIntroduction(false)
		call.SayIdentity(introduction, event.ReceivedAt)
		document = farewell(call.Script, introduction+" "+call.Script.InboundGoodbye())
	case isFallback(event.Form) && failed.kind == KindMenu && failed.number >= mostAskings:
		document = farewell(call.Script, call.Script.InboundGoodbye())
	case isFallback(event.Form) && failed.kind == KindMenu:
		document = d.askCaller(call, failed.number+1, call.Script.InboundMenu(call.CanInterview))
	default:
		introduction := call.Script.InboundIntroduction(call.ContactID != "")
		call.SayIdentity(introduction, event.ReceivedAt)
		document = d.askCaller(call, 1, introduction, call.Script.InboundMenu(call.CanInterview))
	}
	reply, err := render(document)
	return interview.Change{Call: call}, reply, err
}

// menu takes what somebody who called us chose: to be left alone, by key or in words, which is looked for before anything else; the
// interview, of which the question for the consent is the first; or nothing, which is asked once more.
func (d v1) menu(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	advance(&call, event.Form, event.ReceivedAt)
	optOut := optsOut(call, event, interview.OptOutAtConsent)
	digits, attempt := strings.TrimSpace(event.Form.Get("Digits")), consentAttempt(event.Query)

	document := farewell(call.Script, call.Script.InboundGoodbye())
	switch {
	case optOut != nil:
		document = farewell(call.Script, call.Script.OptedOut())
	case call.Status.Terminal(), call.Canceling():
		document = farewell(call.Script, call.Script.Ended())
	case digits == interviewKey && call.CanInterview && call.Consent == interview.ConsentUnknown:
		document = d.ask(call, call.ConsentAttempts+1, call.Script.ConsentQuestion())
	case digits == "" && strings.TrimSpace(event.Form.Get("SpeechResult")) != "" && attempt < interview.MaxConsentAttempts:
		document = d.askCaller(call, attempt+1, call.Script.InboundMenu(call.CanInterview))
	}
	reply, err := render(document)
	return interview.Change{Call: call, OptOut: optOut}, reply, err
}

// askCaller says the prompts and waits for a key, or for words that opt out. Silence is no choice, and ends the call.
func (d v1) askCaller(call interview.Call, n int, prompts ...string) []twiml.Element {
	gather := choice(call.Script, d.urls.Of(call.Version).Menu(call.ID, n), call.Script.AnswerHints(), prompts)
	return append([]twiml.Element{gather}, farewell(call.Script, call.Script.InboundGoodbye())...)
}
