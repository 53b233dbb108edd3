package interview

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// CallbackURLs makes the URLs that Twilio is given for a call. All are absolute: Twilio resolves a relative one against
// the current document, which not every callback has.
type CallbackURLs struct {
	// Base is the public base URL as configured at Twilio, such as https://calls.example.com or one with a path prefix.
	Base string
	// FallbackBase is that of the installation which is asked when this one's TwiML could not be had; "" is Base.
	FallbackBase string
	// Version is the one in the paths, see [WebhookPath].
	Version Version
}

// WebhookPath is the path below which the webhooks of a version are served, such as /api/webhooks/v1/twilio/; without a version
// it is /api/webhooks/twilio/.
func WebhookPath(v Version) string {
	if v == Unversioned {
		return "/api/webhooks/twilio/"
	}
	return "/api/webhooks/" + string(v) + "/twilio/"
}

// VersionOf is the version in the target of a request, Unversioned when it has none.
func VersionOf(target string) Version {
	path, _, _ := strings.Cut(target, "?")
	_, rest, found := strings.Cut(path, "/api/webhooks/")
	version, _, _ := strings.Cut(rest, "/")
	if !found || version == "twilio" {
		return Unversioned
	}
	return Version(version)
}

// Of returns the URLs of a version, which for a call is its own.
func (u CallbackURLs) Of(v Version) CallbackURLs {
	u.Version = v
	return u
}

// retryOverrides asks Twilio to deliver again, up to five times, after a 5xx, a failed connection or a silent one. By
// default it retries once, and only a failed connection. rt is said because its default is 15 s, which is all the time there
// is for all attempts together: without it, nothing silent would ever be asked again. The fragment is never sent nor signed.
// Source: Twilio: Webhooks connection overrides.
const retryOverrides = "#rc=5&rp=5xx,ct,rt&rt=4500&ct=2000"

// AnswerWithin bounds our own work on a webhook: after it comes a 500, which reaches Twilio before its rt is over and repeats
// at once.
const AnswerWithin = 4 * time.Second

// Voice is fetched when the person answers.
func (u CallbackURLs) Voice(callID string) string { return u.build("voice", callID, "") }

// Fallback is asked for TwiML when any request of the call for it has failed: the voice webhook again, which knows by the
// ErrorUrl what is asked for once more.
func (u CallbackURLs) Fallback(callID string) string {
	if u.FallbackBase != "" {
		u.Base = u.FallbackBase
	}
	return u.Voice(callID)
}

// Status receives every change of the call's status.
func (u CallbackURLs) Status(callID string) string { return u.build("status", callID, "") }

// Recording receives every change of a recording's status.
func (u CallbackURLs) Recording(callID string) string { return u.build("recording", callID, "") }

// Consent receives the answer to the given asking of the consent question, counted from 1. The count is part of the
// signed URL, so that each asking is an event of its own.
func (u CallbackURLs) Consent(callID string, attempt int) string {
	if attempt < 2 {
		return u.build("consent", callID, "")
	}
	return u.build("consent", callID, "&attempt="+strconv.Itoa(attempt))
}

// Menu receives what somebody who called us chose, after the given asking, counted from 1.
func (u CallbackURLs) Menu(callID string, attempt int) string {
	if attempt < 2 {
		return u.build("menu", callID, "")
	}
	return u.build("menu", callID, "&attempt="+strconv.Itoa(attempt))
}

// AMD is told whether a person or a machine answered.
func (u CallbackURLs) AMD(callID string) string { return u.build("amd", callID, "") }

// Answer receives the live answer to a question of the interview, counted from 1. Like the asking of the consent question
// the step is part of the signed URL.
func (u CallbackURLs) Answer(callID string, step int) string {
	return u.build("answer", callID, "&step="+strconv.Itoa(step))
}

func (u CallbackURLs) build(kind, callID, parameters string) string {
	return strings.TrimRight(u.Base, "/") + WebhookPath(u.Version) + kind + "?callId=" + url.QueryEscape(callID) + parameters + retryOverrides
}
