package interview

// AnswerMode is how a campaign takes the answers to its questions.
type AnswerMode string

const (
	// AnswerPause leaves a pause after each question; the answers are on the recording alone.
	AnswerPause AnswerMode = "pause"
	// AnswerGather listens to each answer and asks the next question when the person stops speaking. What was said is
	// kept at once, answer by answer, so a hang-up in the middle loses none of it.
	AnswerGather AnswerMode = "gather"
)

// Valid reports whether m is one of the modes above.
func (m AnswerMode) Valid() bool { return m == AnswerPause || m == AnswerGather }
