package interview

// DroppedSegment is something that speech-to-text wrote down although, as far as we can tell, nobody said it. It is no
// evidence and not in the transcript; it is kept with the reason, so that somebody can see what is missing and why.
type DroppedSegment struct {
	// Utterance is what would have been one. Its position is among the dropped segments of the recording.
	Utterance
	Reason DropReason
	// Detail is what the reason was found by, such as "no_speech_prob 0.97".
	Detail string
}

// DropReason says why a segment is no speech.
type DropReason string

// The reasons.
const (
	// DropSilence: the audio at that time is silent.
	DropSilence DropReason = "silence"
	// DropNoSpeech: the model itself finds that nothing was said.
	DropNoSpeech DropReason = "no-speech"
	// DropCompression: the words repeat themselves so much that the model was stuck.
	DropCompression DropReason = "compression"
	// DropRepetition: one phrase over and over, without a pause.
	DropRepetition DropReason = "repetition"
	// DropStockPhrase: words that models invent, with other signs that nobody spoke.
	DropStockPhrase DropReason = "stock-phrase"
)
