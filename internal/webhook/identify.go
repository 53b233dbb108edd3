package webhook

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// Identify returns an event's deduplication id and its subject, the callId, from the decoded body and query of a verified
// request. It refuses, as [inbox.Refusal] with 400, a request that lacks what its kind needs; such a request is not worth
// a place in the inbox.
//
// A call that came in has no callId in the URLs that its number is set up with: then the request for its first TwiML, that of the
// fallback, and its status callbacks have no subject here. Whoever looks the call up finds it by the CallSid.
//
//	amd        {CallSid}:amd
//	answer     {CallSid}:answer:{step}
//	consent    {CallSid}:consent, otherwise as inbox.KindGather
//	menu       {CallSid}:menu, otherwise as inbox.KindGather
//	voice      {CallSid}:voice:fallback:{what failed} when it is asked as the fallback, see [fallback]
//
// and [inbox.ID] for the others. The step is taken from the signed query, so a re-asked answer is an event of its own.
func Identify(kind inbox.Kind, form, query url.Values) (id, subject string, err error) {
	subject, callSid := query.Get("callId"), form.Get("CallSid")
	switch {
	case subject == "" && !Inbound(kind, form):
		return "", "", missing(ReasonMissingCallID)
	case callSid == "":
		return "", "", missing(ReasonMissingCallSid)
	}
	switch kind {
	case KindAMD:
		if form.Get("AnsweredBy") == "" {
			return "", "", missing(ReasonMissingAnsweredBy)
		}
		return callSid + ":amd", subject, nil
	case KindConsent:
		id, err = inbox.ID(inbox.KindGather, form, query)
		return strings.Replace(id, ":gather", ":consent", 1), subject, err
	case KindMenu:
		id, err = inbox.ID(inbox.KindGather, form, query)
		return strings.Replace(id, ":gather", ":menu", 1), subject, err
	case KindAnswer:
		step, ok := number(query, "step")
		if !ok || step < 1 {
			return "", "", missing(ReasonMissingStep)
		}
		return callSid + ":answer:" + strconv.Itoa(step), subject, nil
	}
	if id, err = inbox.ID(kind, form, query); err != nil {
		return "", "", err
	}
	if kind == inbox.KindVoice && isFallback(form) {
		return id + ":fallback:" + failedRequest(form, subject).String(), subject, nil
	}
	if kind == inbox.KindRecording && recordingStatus(form) == interview.RecordingCompleted && form.Get("RecordingUrl") == "" {
		return "", "", missing(ReasonMissingRecordingURL)
	}
	return id, subject, nil
}

// Inbound reports whether an event without a callId may be of a call that came in: only what a number is set up with at Twilio is.
func Inbound(kind inbox.Kind, form url.Values) bool {
	return (kind == inbox.KindVoice || kind == inbox.KindStatus) && form.Get("Direction") == "inbound"
}

// consentAttempt is which asking of the consent question, or of the menu, is answered, from 1.
func consentAttempt(query url.Values) int {
	if n, ok := number(query, "attempt"); ok {
		return max(n, 1)
	}
	return 1
}

// recordingStatus is what a recording callback reports. Without other wishes Twilio calls only for completed ones, and a
// callback that does not say is one of those. Source: Twilio: TwiML Recording.
func recordingStatus(form url.Values) interview.RecordingStatus {
	if s := form.Get("RecordingStatus"); s != "" {
		return interview.RecordingStatus(s)
	}
	return interview.RecordingCompleted
}

func missing(reason string) error { return inbox.Refuse(http.StatusBadRequest, reason) }
