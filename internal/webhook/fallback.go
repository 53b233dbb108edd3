package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/signature"
)

// mostAskings bounds how often the consent question is asked of somebody whose answers get lost.
const mostAskings = 5

// fallback answers Twilio's request to the fallback URL, which is the voice webhook again. Twilio sends it at once when any
// request of the call for TwiML has failed, or its answer was lost, and goes on with what it is answered. Without it the call
// would end. Source: Twilio: Voice availability and reliability.
//
// The request that failed may have been accepted all the same, so nothing is decided again: the call as it stands says what
// its answer was. If it was not accepted, its question is asked once more; that of the consent under the next number, so that an
// answer which arrives late is not taken for the new one.
func (d v1) fallback(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	before := call.Consent
	detect(&call, event)
	advance(&call, event.Form, event.ReceivedAt)

	failed := failedRequest(event.Form, event.Subject)
	asked := call.ConsentAttempts
	if failed.kind == KindConsent {
		asked = max(asked, failed.number)
	}
	document := d.ask(call, asked+1, call.Script.ConsentAgain())
	said := ""
	switch {
	case call.Status.Terminal(), call.Canceling():
		document = farewell(call.Script, call.Script.Ended())
	case call.OnMachine():
		document, said = farewell(call.Script, call.Script.NoMessage()), call.Script.NoMessage()
	case call.Consent == interview.ConsentRefused:
		document = farewell(call.Script, call.Script.Declined())
	case call.Consent == interview.ConsentGiven && failed.kind == KindAnswer:
		document = d.questions(call)
	case call.Consent == interview.ConsentGiven:
		document = d.interview(call)
	case asked == 0:
		document, said = d.ask(call, 1, call.Script.Greeting(), call.Script.ConsentQuestion()), call.Script.IdentitySaid()
	case asked >= mostAskings:
		document = farewell(call.Script, call.Script.NotUnderstood())
	}
	call.SayIdentity(said, event.ReceivedAt)
	reply, err := render(document)
	return interview.Change{Call: call, Erase: withdrawn(before, call)}, reply, err
}

// isFallback says whether Twilio asks for TwiML because it could not have it elsewhere: no other request says so.
func isFallback(form url.Values) bool {
	return form.Get("ErrorUrl") != "" || form.Get("ErrorCode") != ""
}

// failed is the request for TwiML that went wrong, as far as it is one of the call's own.
type failed struct {
	kind   inbox.Kind // voice, consent, menu, answer, or "" for any other
	number int        // of the asking or of the question, from 1
	url    string
}

// failedRequest reads what a fallback request says of the one before it.
func failedRequest(form url.Values, callID string) failed {
	f := failed{url: form.Get("ErrorUrl")}
	query := signature.ParseTarget(f.url)
	// The call that came in is not known to the URL that its number is set up with: not to that of the fallback, which asks without
	// a callId, nor to that of the voice webhook.
	if named := query.Get("callId"); named != callID && named != "" && callID != "" {
		return f
	}
	target, _, _ := strings.Cut(f.url, "?")
	switch kind := inbox.Kind(path.Base(target)); kind {
	case inbox.KindVoice:
		f.kind = kind
	case KindConsent, KindMenu:
		f.kind, f.number = kind, consentAttempt(query)
	case KindAnswer:
		if step, ok := number(query, "step"); ok && step >= 1 {
			f.kind, f.number = kind, step
		}
	}
	return f
}

// String is the part of a fallback's event id by which the fallbacks of one call differ.
func (f failed) String() string {
	switch f.kind {
	case "":
		sum := sha256.Sum256([]byte(f.url))
		return hex.EncodeToString(sum[:8])
	case inbox.KindVoice:
		return string(f.kind)
	}
	return string(f.kind) + ":" + strconv.Itoa(f.number)
}
