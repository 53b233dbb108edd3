package interview

import "time"

// CancelReason says why a call was ended before its time, or is to be; "" for never. The contact of a call that was canceled before
// anybody answered is REFUSED with that reason, unless the reason is CancelStopped.
type CancelReason string

// The reasons for which calls are canceled.
const (
	CancelRequested CancelReason = "CANCELED" // somebody canceled this call
	CancelErased    CancelReason = "ERASED"
	CancelWithdrawn CancelReason = "WITHDRAWN" // the consent
	CancelCampaign  CancelReason = CancelReason(RefusalCampaign)
	CancelListed    CancelReason = CancelReason(RefusalDoNotCall)
	CancelStopped   CancelReason = CancelReason(RefusalStopped)
	CancelReached   CancelReason = "REACHED" // the contact, by another call
)

// NeverRang reports whether a call ended without that anybody's phone rang: it was canceled while it was in our queue or in
// Twilio's. Twilio numbers its status callbacks, and sends those of initiated and ringing before any other, so the number of the
// last one tells how many came before (Twilio: Call resource, SequenceNumber). When it is not known, the phone may have rung.
func (c *Call) NeverRang() bool {
	const initiated = 0
	return c.Status == CallCanceled && (!c.Dialled() || c.Sequence >= 0 && c.Sequence <= initiated+1)
}

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
// kept, since only Twilio can end it. A call that is over stays as it is. Of two reasons the first one stays, unless it was
// CancelStopped, after which the person might be called again.
func (c *Call) RequestCancel(at time.Time, why CancelReason) {
	if c.Status.Terminal() {
		return
	}
	if c.CancelReason == "" || c.CancelReason == CancelStopped {
		c.CancelReason = why
	}
	if c.Status == CallQueued && !c.Dialled() {
		c.Status, c.CompletedAt = CallCanceled, &at
	} else if c.CancelRequestedAt == nil {
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
	// Words are said before hanging up, "" for at once, in the Language and by the Voice of the call.
	Words, Language, Voice string
}

// EndingOf is the ending of a call, with words of its script or without.
func EndingOf(c Call, words string) CallEnding {
	return CallEnding{CallSid: c.TwilioSid, Words: words, Language: c.Script.SpokenLanguage(), Voice: c.Script.Voice}
}
