package interview

// AttemptOutcome is why an attempt to reach a person may be made again.
type AttemptOutcome string

// The outcomes of an attempt after which a campaign may try again.
const (
	OutcomeBusy     AttemptOutcome = "BUSY"
	OutcomeNoAnswer AttemptOutcome = "NO_ANSWER"
	OutcomeMachine  AttemptOutcome = "MACHINE" // a machine answered
	OutcomeFailed   AttemptOutcome = "FAILED"
)

// AttemptPolicy says how often a campaign tries to reach a person.
type AttemptPolicy struct {
	// Max is how many attempts there are at most, the first one counted; 0 counts as 1.
	Max int `json:"max"`
	// On are the outcomes after which there is another.
	On []AttemptOutcome `json:"on"`
	// WaitMinutes is how long after the end of an attempt the next may begin, in minutes.
	WaitMinutes int `json:"waitMinutes"`
}
