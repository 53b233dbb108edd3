package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// The reasons of refusals. Scripts and dashboards know them; do not reword.
const (
	ReasonCallNotFound        = "Call not found"       // 404, by whoever looks the call up
	ReasonCallMismatch        = "Call mismatch"        // 409
	ReasonMissingCallID       = "Missing callId"       // 400, as all below
	ReasonMissingCallSid      = "Missing CallSid"      //
	ReasonMissingRecordingURL = "Missing RecordingUrl" //
	ReasonMissingAnsweredBy   = "Missing AnsweredBy"   //
	ReasonMissingStep         = "Missing step"         //
)

// The callbacks beside those that package inbox knows.
const (
	KindConsent inbox.Kind = "consent" // Gather action that carries the answer to the consent question
	KindAMD     inbox.Kind = "amd"     // result of asynchronous machine detection
	KindAnswer  inbox.Kind = "answer"  // Gather action that carries the live answer to a question
)

// Wordless are the kinds whose decisions do not depend on what the call says, its Script.
var Wordless = []inbox.Kind{inbox.KindStatus, inbox.KindRecording, KindAMD}

// ErrCallNotFound refuses an event whose call does not exist.
var ErrCallNotFound = inbox.Refuse(http.StatusNotFound, ReasonCallNotFound)

// Decider decides what one event does to its call. The error is an [inbox.Refusal] when the event must not take effect;
// then nothing of the change counts. The call that was passed in is never written to, not even through its pointers.
type Decider func(interview.Call, *inbox.Event) (interview.Change, inbox.Reply, error)

// Config says what the decisions need to know of the world.
type Config struct {
	// URLs are given to Twilio for the answers that are still to come.
	URLs interview.CallbackURLs
	// Accounts are the AccountSids whose events are ours. Empty means any account that can sign. An event without
	// AccountSid is accepted.
	Accounts []string
}

// Webhooks holds the decisions for all callbacks of an interview. It is immutable and safe for concurrent use.
type Webhooks struct {
	urls     interview.CallbackURLs
	accounts []string
}

// New returns the decisions for one installation.
func New(config Config) *Webhooks {
	return &Webhooks{urls: config.URLs, accounts: slices.Clone(config.Accounts)}
}

// Decide is the [Decider] for every kind of event that [Identify] knows. The call is the one that the event's Subject
// names, as it stands.
//
// It refuses with 409 an event that belongs to another Twilio call or account than the call is bound to, and with 400
// what Identify refuses. The first event of a call binds it.
func (w *Webhooks) Decide(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	decide, ok := w.decider(event.Kind)
	if !ok {
		return interview.Change{}, inbox.Reply{}, fmt.Errorf("deciding %s event: unknown kind", event.Kind)
	}
	if _, _, err := Identify(event.Kind, event.Form, event.Query); err != nil {
		return interview.Change{}, inbox.Reply{}, err
	}
	if len(w.accounts) > 0 && event.AccountSid != "" && !slices.Contains(w.accounts, event.AccountSid) {
		return interview.Change{}, inbox.Reply{}, inbox.Refuse(http.StatusConflict, ReasonCallMismatch)
	}
	unbound := call.TwilioSid == ""
	if err := call.Bind(event.AccountSid, event.CallSid); errors.Is(err, interview.ErrOtherCall) {
		return interview.Change{}, inbox.Reply{}, inbox.Refuse(http.StatusConflict, ReasonCallMismatch)
	} else if err != nil {
		return interview.Change{}, inbox.Reply{}, err
	}
	change, reply, err := decide(call, event)
	if err != nil || !unbound {
		return change, reply, err
	}
	// Somebody canceled the call before its CallSid was known.
	if job, ok := change.Call.CancelJob(); ok {
		change.Jobs = append(change.Jobs, job)
	}
	return change, reply, nil
}

func (w *Webhooks) decider(kind inbox.Kind) (Decider, bool) {
	switch kind {
	case inbox.KindVoice:
		return w.voice, true
	case KindConsent:
		return w.consent, true
	case inbox.KindStatus:
		return decideStatus, true
	case inbox.KindRecording:
		return decideRecording, true
	case KindAMD:
		return decideAMD, true
	case KindAnswer:
		return w.answer, true
	}
	return nil, false
}

// success is what the callbacks without TwiML are answered.
func success() inbox.Reply {
	return inbox.Reply{Status: http.StatusOK, ContentType: "application/json", Body: []byte(`{"success":true}`)}
}
