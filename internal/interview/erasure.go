package interview

import "time"

// Erase takes the personal data out of the call, on request. That withdraws the consent too, so that nothing which comes
// later can bring data back: no transcription, no live answer; a recording is deleted. The CallSid stays, for without it
// a late callback could not be told from a stranger's.
func (c *Call) Erase(at time.Time) {
	c.withdraw(ConsentByRequest, at)
	c.ConsentBy, c.ClearedAt = ConsentByRequest, nil
	c.PhoneNumber, c.ErrorMessage = "", ""
	c.ErasedAt = &at
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
