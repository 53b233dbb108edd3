package interview

// Change is what a webhook decides: the call as it stands afterwards and what goes with it. The store commits all of it
// or nothing.
type Change struct {
	// Call is the whole new state of the call.
	Call Call
	// Recordings are created or brought forward; their status never goes back.
	Recordings []Recording
	// Utterances are appended.
	Utterances []Utterance
	// Jobs start in the same commit.
	Jobs []Job
	// Erase says that the call has lost its consent: what was recorded, recognised or concluded from it is erased, this change's
	// own utterances too, and its recordings are deleted at Twilio.
	Erase bool
}
