package interview

import (
	"strings"
	"time"
)

// AnsweredBy is who picked up, in the words of Twilio's machine detection: human, machine_start, machine_end_beep,
// machine_end_silence, machine_end_other, fax or unknown. New words may come. Source: Twilio: Answering Machine Detection.
type AnsweredBy string

// Machine reports whether nobody can consent there.
func (a AnsweredBy) Machine() bool { return a == "fax" || strings.HasPrefix(string(a), "machine") }

// Detect takes in who picked up, and reports whether the call must be ended because it is a machine. A machine is no
// consent: what a voicemail greeting seemed to agree to is taken back, and no later answer is a yes. Detection comes
// once; of two the machine stays.
func (c *Call) Detect(by AnsweredBy, at time.Time) (hangUp bool) {
	if by == "" || c.AnsweredBy.Machine() && !by.Machine() {
		return false
	}
	c.AnsweredBy = by
	if !by.Machine() {
		return false
	}
	c.withdraw(at)
	return !c.Status.Terminal()
}
