package interview

// Transcription is what transcribe-recording needs to know before it fetches audio.
type Transcription struct {
	// Skip says that there is nothing to transcribe (no consent, recording unknown, not completed or already
	// transcribed) and that the run was ended with that answer. The other fields are then zero.
	Skip      bool
	Call      Call
	Recording Recording
	// Said is what our own TwiML said while the recording ran, usually Script.Recorded. It tells which channel is ours.
	Said []string
	// Language is the ISO 639-1 code of what is spoken, "" to let the model find out.
	Language string
}
