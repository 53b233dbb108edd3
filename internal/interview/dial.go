package interview

import "time"

// DialState says what orchestrate-call may do with a call.
type DialState string

// The answers to "may this run dial?".
const (
	// DialProceed: the intent to dial was committed for this run, which now dials, once.
	DialProceed DialState = "proceed"
	// DialSkip: there is nothing to dial, and the run was ended with that answer.
	DialSkip DialState = "skip"
	// DialInterrupted: an earlier attempt committed its intent and never said what came of it.
	DialInterrupted DialState = "interrupted"
)

// Dial is what a run learns when it announces that it wants to dial.
type Dial struct {
	State DialState
	// Call is the call as it stands with the intent written; zero unless State is DialProceed or DialInterrupted.
	Call Call
	// From is the caller id and Account the Twilio account of the intent; "" when the store was not told.
	From, Account string
	// Deadline is when the intent ends: nothing may be sent to Twilio after it.
	Deadline time.Time
	// Postponed counts how often Twilio asked us to come back later with this call.
	Postponed int
}

// PlacedCall is Twilio's receipt for a call that it accepted.
type PlacedCall struct {
	// Sid is the CallSid, "CA…".
	Sid string
	// AccountSid is the account that places the call.
	AccountSid string
	// Status is Twilio's own word, usually "queued".
	Status string
	// SentAt is when the request was written to Twilio, zero when that is not known.
	SentAt time.Time
}
