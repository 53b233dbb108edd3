package interview

import "slices"

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
	// OptOut, if set, puts the person on the do-not-call list in the same commit.
	OptOut *OptOut
}

// Without is the change without the live answers to questions that have one already: said holds their positions. It is what a
// decision changes on an event that took effect before.
func (c Change) Without(said map[int]bool) Change {
	if len(said) == 0 {
		return c
	}
	kept := slices.DeleteFunc(slices.Clone(c.Utterances), func(u Utterance) bool { return u.RecordingSid == "" && said[u.Position] })
	c.Call.Answers = max(c.Call.Answers-(len(c.Utterances)-len(kept)), 0)
	c.Utterances = kept
	return c
}
