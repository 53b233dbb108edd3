package interview

// Speaker says who spoke.
type Speaker string

// The two sides of a call. A mono recording cannot tell them apart.
const (
	SpeakerAgent   Speaker = "agent"
	SpeakerCallee  Speaker = "callee"
	SpeakerUnknown Speaker = "unknown"
)

// Utterance is something said in a call. Times are seconds from the start of the recording.
type Utterance struct {
	CallID       string
	RecordingSid string
	// Position orders the utterances of a recording, from 0.
	Position int
	Speaker  Speaker
	Text     string
	StartSec float64
	EndSec   float64
	// Channel is that of a recording of two channels, from 1; 0 when it was mixed or not recorded.
	Channel int
}

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
