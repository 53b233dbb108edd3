package interview

import (
	"strings"
	"time"
)

// AnsweredBy is who picked up, in the words of Twilio's machine detection: human, machine_start, machine_end_beep,
// machine_end_silence, machine_end_other, fax or unknown. New words may come. Source: Twilio: Answering Machine Detection.
type AnsweredBy string

// AnsweredByUnknown is Twilio's word for a detection without result, and ours for one that Twilio never told of.
const AnsweredByUnknown AnsweredBy = "unknown"

// Machine reports whether nobody can consent there.
func (a AnsweredBy) Machine() bool { return a == "fax" || strings.HasPrefix(string(a), "machine") }

// rank orders what several callbacks say of one call: a machine stays a machine, and whoever picked up stays known.
func (a AnsweredBy) rank() int {
	switch {
	case a == "":
		return 0
	case a == AnsweredByUnknown:
		return 1
	case !a.Machine():
		return 2
	}
	return 3
}

// Detect takes in who picked up, by whatever told it, and reports whether the call must be ended because it is a machine.
//
// A machine is no consent: what a voicemail greeting seemed to agree to is taken back, and no spoken answer is a yes any
// more. But the detector errs, and what only a person does outranks it: a consent by keypad, whether it came before or
// after, and an answer to a question of the interview. Then, and once a call with consent is over, the verdict is kept as
// a fact and changes nothing else: it came too late to spare anybody anything.
//
// Of several verdicts the one of the highest rank stays, of two machines the word that sorts last: the order in which they
// come does not matter.
func (c *Call) Detect(by AnsweredBy, at time.Time) (hangUp bool) {
	if higher := by.rank() - c.AnsweredBy.rank(); higher > 0 || higher == 0 && by > c.AnsweredBy {
		c.AnsweredBy = by
	}
	if !by.Machine() || c.Consent == ConsentGiven && (c.ConsentBy == ConsentByKeypad || c.Answers > 0 || c.Status.Terminal()) {
		return false
	}
	c.withdraw(ConsentByDetector, at)
	return !c.Status.Terminal()
}

// OnMachine reports whether the call talks to a machine: the detector says so, and no consent outranks it.
func (c *Call) OnMachine() bool { return c.AnsweredBy.Machine() && c.Consent != ConsentGiven }
