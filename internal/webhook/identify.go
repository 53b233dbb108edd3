package webhook

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// Identify returns an event's deduplication id and its subject, the callId, from the decoded body and query of a verified
// request. It refuses, as [inbox.Refusal] with 400, a request that lacks what its kind needs; such a request is not worth
// a place in the inbox.
//
//	voice      {CallSid}:voice
//	status     {CallSid}:status:{CallStatus}
//	recording  {CallSid}:recording:{RecordingSid}   for a recording that ended: completed, absent or failed
//	           …:{RecordingStatus}                  for any other status, in-progress first of all
//	consent    {CallSid}:consent                    first asking
//	           …:{n}                                asking n, from 2
//	amd        {CallSid}:amd
//	answer     {CallSid}:answer:{step}
//
// The number of the asking and the step are taken from the signed query, so a re-asked answer is an event of its own.
func Identify(kind inbox.Kind, form, query url.Values) (id, subject string, err error) {
	subject = query.Get("callId")
	if subject == "" {
		return "", "", missing(ReasonMissingCallID)
	}
	callSid := form.Get("CallSid")
	if callSid == "" {
		return "", "", missing(ReasonMissingCallSid)
	}
	id = callSid + ":" + string(kind)
	switch kind {
	case inbox.KindVoice:
	case inbox.KindConsent:
		if n := consentAttempt(query); n > 1 {
			id += ":" + strconv.Itoa(n)
		}
	case inbox.KindStatus:
		status := form.Get("CallStatus")
		if status == "" {
			return "", "", missing(ReasonMissingCallStatus)
		}
		id += ":" + status
	case inbox.KindRecording:
		sid := form.Get("RecordingSid")
		if sid == "" {
			return "", "", missing(ReasonMissingRecordingSid)
		}
		id += ":" + sid
		switch status := recordingStatus(form); status {
		case interview.RecordingCompleted:
			if form.Get("RecordingUrl") == "" {
				return "", "", missing(ReasonMissingRecordingURL)
			}
		case interview.RecordingAbsent, interview.RecordingFailed:
		default:
			id += ":" + string(status)
		}
	case KindAMD:
		if form.Get("AnsweredBy") == "" {
			return "", "", missing(ReasonMissingAnsweredBy)
		}
	case KindAnswer:
		step, ok := number(query, "step")
		if !ok || step < 1 {
			return "", "", missing(ReasonMissingStep)
		}
		id += ":" + strconv.Itoa(step)
	default:
		return "", "", fmt.Errorf("identifying %s event: unknown kind", kind)
	}
	return id, subject, nil
}

// consentAttempt is which asking of the consent question is answered, from 1.
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
