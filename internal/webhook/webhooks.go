package webhook

import (
	"errors"
	"net/http"
	"slices"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// The reasons of refusals. Scripts and dashboards know them; do not reword.
const (
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
	KindMenu    inbox.Kind = "menu"    // Gather action that carries what somebody who called us chose
)

// Config says what the decisions depend on besides the call and the event.
type Config struct {
	// URLs are given to Twilio for the answers that are still to come, by V1 where Versions is nil.
	URLs interview.CallbackURLs
	// Accounts are the AccountSids whose events are ours. Empty means any account that can sign. An event without
	// AccountSid is accepted.
	Accounts []string
	// Versions are those that decide, each for the calls that were dialled with it; nil is V1 alone.
	Versions []Version
}

// Webhooks holds the decisions for all callbacks of an interview. It is immutable and safe for concurrent use.
type Webhooks struct {
	accounts []string
	versions []Version
}

// New returns the decisions for one installation.
func New(config Config) *Webhooks {
	if config.Versions == nil {
		config.Versions = []Version{V1(config.URLs)}
	}
	return &Webhooks{accounts: slices.Clone(config.Accounts), versions: slices.Clone(config.Versions)}
}

// Decide says what one event does to its call, for every kind of event that [Identify] knows. The call is the one that the
// event's Subject names, as it stands; it is never written to, not even through its pointers. The version with which the call was
// dialled decides, whatever version the event's URL has.
//
// An [inbox.Refusal] means that the event must not take effect; then nothing of the change counts. Refused are, with 409, an
// event that belongs to another Twilio call or account than the call is bound to, and with 400 what Identify refuses. The
// first event of a call binds it.
func (w *Webhooks) Decide(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
	return w.DecideAs(call.Version, call, event)
}

// DecideAs is Decide with another version than the call's.
func (w *Webhooks) DecideAs(version interview.Version, call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
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
	decide, err := w.decision(version, event.Kind)
	if err != nil {
		return interview.Change{}, inbox.Reply{}, err
	}
	change, reply, err := decide(call, event)
	change.Call.Version = call.Version // a call keeps it
	if err != nil || !unbound {
		return change, reply, err
	}
	// Somebody canceled the call before its CallSid was known.
	if job, ok := change.Call.CancelJob(); ok {
		change.Jobs = append(change.Jobs, job)
	}
	return change, reply, nil
}

// success is what the callbacks without TwiML are answered.
func success() inbox.Reply {
	return inbox.Reply{Status: http.StatusOK, ContentType: "application/json", Body: []byte(`{"success":true}`)}
}
