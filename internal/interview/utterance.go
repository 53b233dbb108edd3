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
}
