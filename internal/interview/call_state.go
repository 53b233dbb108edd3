package interview

import (
	"errors"
	"fmt"
	"time"
)

// NoSequence stands for a status event without a SequenceNumber.
const NoSequence = -1

// ErrOtherCall says that an event belongs to another Twilio call or account than the one it names.
var ErrOtherCall = errors.New("event of another call")

// Advance takes in that the call had the given status at a moment, and reports whether its status changed. Events may
// come late, twice and in any order: the same set of events always leaves the same call.
//
// The status moves only forward: to a higher rank, and between statuses that both carry a SequenceNumber not to an older
// one. A terminal status is reached from any other, whatever its number, and is final. sequence is NoSequence when the
// event has none.
//
// What a late event knows is kept even when the status stays: StartedAt is the earliest moment at which the call was
// known to be answered, CompletedAt the earliest at which it was known to be over, and StartedAt is never after it.
// duration, in seconds, counts only with the call's own terminal status; nil says that the event has none, and of two the
// longer stays.
func (c *Call) Advance(status CallStatus, sequence int, at time.Time, duration *int) bool {
	if !status.Valid() {
		return false
	}
	changed := c.mayMoveTo(status, sequence)
	if changed {
		c.Status, c.Sequence = status, max(sequence, NoSequence)
	} else if status == c.Status && c.Sequence < 0 && sequence >= 0 {
		c.Sequence = sequence // a twin without number came first
	}

	if status == CallInProgress {
		c.StartedAt = earliest(c.StartedAt, at)
	}
	if status.Terminal() && status == c.Status {
		c.CompletedAt = earliest(c.CompletedAt, at)
		if duration != nil && *duration >= 0 && (c.Duration == nil || *c.Duration < *duration) {
			seconds := *duration
			c.Duration = &seconds
		}
	}
	if c.StartedAt != nil && c.CompletedAt != nil {
		c.StartedAt = earliest(c.StartedAt, *c.CompletedAt)
	}
	return changed
}

func (c *Call) mayMoveTo(status CallStatus, sequence int) bool {
	switch {
	case status.Rank() <= c.Status.Rank():
		return false
	case status.Terminal():
		return true
	case sequence >= 0 && c.Sequence >= 0:
		return sequence >= c.Sequence
	}
	return true
}

// Bind ties the call to the Twilio call that a signed callback named: the first one binds, every later one must agree.
// It returns ErrOtherCall, and leaves the call as it was, when the call is bound to another CallSid or placed by another
// account. An empty accountSid neither binds nor contradicts.
func (c *Call) Bind(accountSid, callSid string) error {
	if callSid == "" {
		return fmt.Errorf("binding call %s: no CallSid", c.ID)
	}
	if c.TwilioSid != "" && c.TwilioSid != callSid {
		return fmt.Errorf("call %s is bound to %s, not %s: %w", c.ID, c.TwilioSid, callSid, ErrOtherCall)
	}
	if c.AccountSid != "" && accountSid != "" && c.AccountSid != accountSid {
		return fmt.Errorf("call %s is placed by %s, not %s: %w", c.ID, c.AccountSid, accountSid, ErrOtherCall)
	}
	c.TwilioSid = callSid
	if c.AccountSid == "" {
		c.AccountSid = accountSid
	}
	return nil
}

// earliest returns the earlier moment; old may be nil. It never writes through old, which a copy of the call may share.
func earliest(old *time.Time, at time.Time) *time.Time {
	if old != nil && !at.Before(*old) {
		return old
	}
	return &at
}
