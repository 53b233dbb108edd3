package interview

import (
	"slices"
	"strings"
	"time"
)

// How much earlier than the consent a recording of ours may seem to begin. Our TwiML starts it after the yes, but Twilio
// writes whole seconds, so up to one is cut off, and its clock and ours differ a little.
const (
	minStartSlack = 2 * time.Second
	maxStartSlack = 5 * time.Second
)

// ownSource is the RecordingSource of what <Start><Recording> starts, and nothing of ours starts one otherwise.
const ownSource = "StartCallRecordingTwiML"

// SeeEarly notes that a recording was seen before the consent.
func (c *Call) SeeEarly(sid string) {
	if !c.sawEarly(sid) {
		c.EarlyRecordings = strings.TrimSpace(c.EarlyRecordings + " " + sid)
	}
}

func (c *Call) sawEarly(sid string) bool {
	return slices.Contains(strings.Fields(c.EarlyRecordings), sid)
}

// Early reports whether a recording of a call with consent may hold what was said before it, so that it must not be kept:
// it was seen before the yes, it is of a kind that begins with the call, or by Twilio's clock it began before the yes. One
// of unknown beginning counts as early unless our own TwiML started it, or nothing says what did.
//
// Nothing of ours records before the yes, so a recording that did was usually started with the call. The slack for clocks
// is therefore at most half of the time between the answer and the yes.
func (c *Call) Early(r Recording) bool {
	switch {
	case c.sawEarly(r.Sid), r.Source == "OutboundAPI", r.Source == "Trunking":
		return true
	case r.StartedAt == nil:
		return r.Source != "" && r.Source != ownSource
	case c.ConsentAt == nil:
		return false
	}
	slack := maxStartSlack
	if c.StartedAt != nil {
		slack = min(max(c.ConsentAt.Sub(*c.StartedAt)/2, minStartSlack), maxStartSlack)
	}
	return r.StartedAt.Before(c.ConsentAt.Add(-slack))
}
