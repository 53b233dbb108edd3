package interview

// Extraction is what extract-claims needs to know before it asks a model.
type Extraction struct {
	// Skip says that there is nothing to extract (no consent, recording unknown or not transcribed, or extracted already)
	// and that the run was ended with that answer. The other fields are then zero.
	Skip      bool
	Call      Call
	Recording Recording
	// Utterances are those of the recording, in order, as they were saved.
	Utterances []Utterance
	// Hypotheses are all of the campaign.
	Hypotheses []Hypothesis
	// Said is what our own TwiML said while the recording ran: in a recording whose speakers are unknown these words are
	// no evidence.
	Said []string
}

// Redacted is the extraction without phone numbers: what is sent to a model, and what its quotes are looked for in.
func (e Extraction) Redacted() Extraction {
	utterances := make([]Utterance, len(e.Utterances))
	for i, u := range e.Utterances {
		u.Text = Redact(u.Text)
		utterances[i] = u
	}
	e.Utterances = utterances
	return e
}

// Answered reports whether anybody but us said anything.
func (e Extraction) Answered() bool {
	for _, u := range e.Utterances {
		if u.Speaker != SpeakerAgent && len(tokens(u.Text)) > 0 {
			return true
		}
	}
	return false
}
