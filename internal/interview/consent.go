package interview

import (
	"strings"
	"time"
)

// Consent is whether the person agreed to be recorded.
type Consent string

// Consent is unknown until an answer decided it. Only ConsentGiven allows audio.
const (
	ConsentUnknown Consent = ""
	ConsentGiven   Consent = "given"
	ConsentRefused Consent = "refused"
)

// MaxConsentAttempts is how often the consent question is asked. The last unclear answer counts as no.
const MaxConsentAttempts = 2

// ConsentMeans is by what a consent was given or refused.
type ConsentMeans string

// What decides a consent. Only a person presses a key, so a key outranks the detector, and the detector any speech.
const (
	ConsentBySpeech   ConsentMeans = "speech" // silence counts as speech
	ConsentByKeypad   ConsentMeans = "keypad"
	ConsentByDetector ConsentMeans = "detector" // refused: a machine picked up
	ConsentByRequest  ConsentMeans = "request"  // refused: an operator withdrew it, or the data was to be erased
)

// ConsentMeansOf is by what an answer was given that came with these Digits of a Gather.
func ConsentMeansOf(digits string) ConsentMeans {
	if strings.TrimSpace(digits) != "" {
		return ConsentByKeypad
	}
	return ConsentBySpeech
}

// AnswerConsent takes in the answer to the given asking of the consent question, counted from 1.
//
// The first clear answer decides; an unclear one decides only at the last attempt, and then it is a no. Once decided,
// one thing alone changes a person's consent: a clear no to a later asking withdraws it. A late answer to an earlier asking,
// or a yes after a no, does not. What the detector decided gives way to a key, and to a no, see [Call.Detect].
func (c *Call) AnswerConsent(attempt int, answer Answer, by ConsentMeans, at time.Time) {
	attempt = max(attempt, 1)
	later := attempt > c.ConsentAttempts
	c.ConsentAttempts = max(c.ConsentAttempts, attempt)

	decided := ConsentUnknown
	switch {
	case answer == AnswerYes:
		decided = ConsentGiven
	case answer == AnswerNo, attempt >= MaxConsentAttempts:
		decided = ConsentRefused
	}
	overruled := c.ConsentBy == ConsentByDetector && (by == ConsentByKeypad || decided == ConsentRefused)
	switch {
	case decided == ConsentUnknown:
	case c.Consent == ConsentUnknown, overruled:
		c.Consent, c.ConsentBy, c.ConsentAt = decided, by, &at
	case c.Consent != ConsentGiven:
	case answer == AnswerNo && later:
		c.withdraw(by, at)
	case decided == ConsentGiven && by == ConsentByKeypad:
		c.ConsentBy = by
	}
}

// WithdrawConsent takes a consent back on request, with the effect of a no of the person's own. It reports false when there is
// none to take back.
func (c *Call) WithdrawConsent(at time.Time) bool {
	if c.Consent != ConsentGiven {
		return false
	}
	c.withdraw(ConsentByRequest, at)
	return true
}

// withdraw makes the consent a no, whatever it was, and drops what was recognised. What the call has beside itself is erased
// by the store, see [Change].Erase; whether Twilio has more is to be looked for.
func (c *Call) withdraw(by ConsentMeans, at time.Time) {
	if c.Consent != ConsentRefused {
		c.Consent, c.ConsentBy, c.ConsentAt = ConsentRefused, by, &at
		c.ClearedAt = nil
	} else if by == ConsentByDetector && c.ConsentBy == by {
		c.ConsentAt = earliest(c.ConsentAt, at) // of several verdicts
	}
	c.Transcript, c.Answers = "", 0
}
