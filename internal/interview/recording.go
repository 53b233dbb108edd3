package interview

import (
	"slices"
	"strings"
	"time"
)

// RecordingStatus is Twilio's status of a recording, plus our own for one that must not be kept.
type RecordingStatus string

// The statuses of a recording. DELETED is a tombstone: the audio is gone at Twilio.
const (
	RecordingInProgress RecordingStatus = "in-progress"
	RecordingCompleted  RecordingStatus = "completed"
	RecordingAbsent     RecordingStatus = "absent"
	RecordingFailed     RecordingStatus = "failed"
	RecordingDeleted    RecordingStatus = "deleted"
)

// Recording is one recording of a call.
type Recording struct {
	Sid    string
	CallID string
	Status RecordingStatus
	// URL is Twilio's, without extension.
	URL string
	// Duration is in seconds, nil until completed.
	Duration *int
	// Channels is 1 or 2, 0 when Twilio did not say.
	Channels int
	// StartedAt is Twilio's RecordingStartTime, nil when it did not say.
	StartedAt *time.Time
	// Source is Twilio's RecordingSource: what started it, "" when it did not say.
	Source string
	// TranscribedAt is set in the transaction that saves its utterances.
	TranscribedAt *time.Time
}

// Rank orders statuses: a recording moves only to a higher rank.
func (s RecordingStatus) Rank() int {
	switch s {
	case RecordingInProgress:
		return 1
	case RecordingAbsent, RecordingFailed:
		return 2
	case RecordingCompleted:
		return 3
	case RecordingDeleted:
		return 4
	}
	return 0
}

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

// Deletion is what delete-recording needs to know before it asks Twilio.
type Deletion struct {
	// Skip says that there is nothing to delete (recording unknown or deleted already) and that the run was ended with
	// that answer. The other fields are then zero.
	Skip bool
	// Running says that the recording has not ended, as far as we know.
	Running bool
	// AccountSid is the account that the call was placed by, "" when not known.
	AccountSid string
	// AskedAt is when the deletion was asked for.
	AskedAt time.Time
}
