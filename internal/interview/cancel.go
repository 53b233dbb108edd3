package interview

import "time"

// Callee is the number that Twilio knows the call by. It outlives the erasure of a call that is not over.
func (c *Call) Callee() string {
	if c.PhoneNumber != "" {
		return c.PhoneNumber
	}
	return c.LiveNumber
}

// Dialled reports whether Twilio has the call, or may have it.
func (c *Call) Dialled() bool { return c.DialedAt != nil || c.TwilioSid != "" }

// RequestCancel ends the call as far as we can. One that was not dialled is CANCELED; of one that was, the request is
// kept, since only Twilio can end it. A call that is over stays as it is.
func (c *Call) RequestCancel(at time.Time) {
	switch {
	case c.Status.Terminal():
	case c.Status == CallQueued && !c.Dialled():
		c.Status, c.CompletedAt = CallCanceled, &at
	case c.CancelRequestedAt == nil:
		c.CancelRequestedAt = &at
	}
}

// Canceling reports that the call is to be ended and is not over yet: it asks nothing and records nothing more.
func (c *Call) Canceling() bool { return c.CancelRequestedAt != nil && !c.Status.Terminal() }

// CancelJob is the job that ends the call at Twilio, and whether there is something for it to end.
func (c *Call) CancelJob() (Job, bool) {
	if !c.Canceling() || c.TwilioSid == "" {
		return Job{}, false
	}
	return NewCancelCall(c.ID), true
}

// CallEnding is what end-call needs to know before it asks Twilio.
type CallEnding struct {
	// Skip says that the call is over, or was never placed, and that the run was ended with that answer. The other fields
	// are then zero.
	Skip bool
	// CallSid is the call's name at Twilio.
	CallSid string
	// Words are said before hanging up.
	Words string
}
