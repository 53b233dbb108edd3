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
}
