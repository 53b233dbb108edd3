package outside

import (
	"fmt"
	"slices"
	"strings"

	"github.com/i-agent/iagent/simulator"
)

// Fault is something that was lost or doubled.
type Fault struct {
	// Rule names what was broken: status, consent, recordings or transcript.
	Rule    string
	Doubled bool
	Text    string
}

// Against holds what is said of the call against what is true of it.
func (c Call) Against(truth simulator.Truth) (faults []Fault) {
	fault := func(rule string, doubled bool, format string, args ...any) {
		text := fmt.Sprintf("call %s (%s): ", c.ID, truth.CallSid) + fmt.Sprintf(format, args...)
		faults = append(faults, Fault{rule, doubled, text})
	}
	if want := strings.ToUpper(strings.ReplaceAll(truth.Status, "-", "_")); c.Status != want {
		fault("status", false, "is %s, in truth %s", c.Status, want)
	}
	if consented := c.ConsentGiven != nil && *c.ConsentGiven; consented != (truth.Consent == simulator.ConsentYes) {
		fault("consent", false, "consent is %v, in truth %q", consented, truth.Consent)
	}
	known, made := len(c.Recordings), len(truth.Recordings)
	for _, recording := range c.Recordings {
		if slices.ContainsFunc(truth.Unasked, func(r simulator.RecordingTruth) bool { return r.Sid == recording.Sid }) {
			known--
		}
	}
	if known != made {
		fault("recordings", known > made, "%d recordings are known, %d were made", known, made)
	}
	var said, heard []string
	for _, recording := range truth.Recordings {
		said = append(said, recording.Person...)
	}
	for _, u := range c.Utterances {
		if u.Speaker == "callee" {
			heard = append(heard, u.Text)
		}
	}
	slices.Sort(said)
	slices.Sort(heard)
	if !slices.Equal(said, heard) {
		fault("transcript", len(heard) > len(said), "%d things were said, the transcript has %d, or others", len(said), len(heard))
	}
	return faults
}
