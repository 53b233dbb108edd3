package interview

import "time"

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

// AnswerConsent takes in the answer to the given asking of the consent question, counted from 1.
//
// The first clear answer decides; an unclear one decides only at the last attempt, and then it is a no. Once decided,
// one thing alone changes the consent: a clear no to a later asking withdraws it. A late answer to an earlier asking, or
// a yes after a no, does not.
func (c *Call) AnswerConsent(attempt int, answer Answer, at time.Time) {
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
	if c.Consent == ConsentGiven && answer == AnswerNo && later {
		c.withdraw(at)
	}
	if decided != ConsentUnknown && c.Consent == ConsentUnknown {
		c.Consent, c.ConsentAt = decided, &at
	}
}

// withdraw makes the consent a no, whatever it was, and drops what was heard. What the call has beside itself is erased
// by the store, see [Change].Erase.
func (c *Call) withdraw(at time.Time) {
	if c.Consent != ConsentRefused {
		c.Consent, c.ConsentAt = ConsentRefused, &at
	}
	c.Transcript = ""
}
