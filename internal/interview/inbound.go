package interview

import (
	"slices"
	"strings"
	"time"
)

// CallBackWithin is for how long after a call the person is known to have been called by it, when they call back.
const CallBackWithin = 30 * 24 * time.Hour

// CallerNumber is the number of somebody who calls us, from the From that Twilio reports; "" when they withhold it, or have none.
// Nobody vouches for it: a caller can show any number.
func CallerNumber(from string) string {
	from = strings.TrimSpace(from)
	if !ValidPhoneNumber(from) || slices.Contains(withheld, from) {
		return ""
	}
	return from
}

// withheld are words that Twilio writes as the keys of a phone where a number is withheld: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN,
// UNAVAILABLE and PRIVATE.
var withheld = []string{"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "+7748283"}

// Inbound reports whether somebody called us.
func (c *Call) Inbound() bool { return c.Direction == DirectionInbound }

// SayIdentity keeps what the call says of who is calling, the first time that it does.
func (c *Call) SayIdentity(said string, at time.Time) {
	if said != "" && c.IdentitySaidAt == nil {
		c.IdentitySaid, c.IdentitySaidAt = said, &at
	}
}

// WithoutVariables are the questions that need none of a person's variables. Nothing that is known of a person is read out to
// somebody who calls us: anybody can show their number.
func WithoutVariables(questions []string) []string {
	return slices.DeleteFunc(slices.Clone(questions), func(q string) bool { return placeholder.MatchString(q) })
}
