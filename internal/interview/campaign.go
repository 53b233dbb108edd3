package interview

import (
	"strings"
	"time"
)

// CampaignStatus says whether a campaign may dial.
type CampaignStatus string

// The statuses of a campaign. Only an ACTIVE one dials.
const (
	CampaignDraft     CampaignStatus = "DRAFT"
	CampaignActive    CampaignStatus = "ACTIVE"
	CampaignPaused    CampaignStatus = "PAUSED"
	CampaignCompleted CampaignStatus = "COMPLETED"
)

// Valid reports whether s is one of the statuses above.
func (s CampaignStatus) Valid() bool {
	switch s {
	case CampaignDraft, CampaignActive, CampaignPaused, CampaignCompleted:
		return true
	}
	return false
}

// Campaign is a set of calls that test the same hypotheses.
type Campaign struct {
	ID             string
	Name           string
	Category       string
	PromptTemplate string
	Status         CampaignStatus
	// AnswerMode is how the answers to the questions are taken.
	AnswerMode AnswerMode
	// Language is spoken in the calls, BCP 47 such as en-US.
	Language string
	// HeldAt is since when a legal hold keeps all that there is of its calls, nil for no hold.
	HeldAt *time.Time
	// Simulated says that a simulator plays its calls: nobody is called, and nothing of it counts. It never changes.
	Simulated bool
	// Identity says who calls. A campaign that is ACTIVE has a whole one.
	Identity Identity
	// Voice is the voice that speaks, by Twilio's name such as Polly.Joanna-Neural, "" for Twilio's default of the language.
	Voice string
	// Region is the country, ISO 3166-1 alpha-2 such as US, by which numbers without a country code are read; "" for none.
	Region string
	// CallingHours are when people may be called, and Holidays, dates such as 2026-12-25, when not at all; both by the clock of
	// whom is called.
	CallingHours CallingHours
	Holidays     []string
	// Attempts says how often the campaign tries to reach a person.
	Attempts AttemptPolicy
	// MaxConcurrent bounds the calls that are dialled and not over, MaxPerDay those dialled within 24 hours; 0 is no bound.
	MaxConcurrent, MaxPerDay int
	// RequireConsentBasis says that only contacts are called that come with a basis of consent.
	RequireConsentBasis bool
	// StopWhenDecided says that nobody is called any more once every hypothesis has a verdict.
	StopWhenDecided bool
	CreatedAt       time.Time
	Hypotheses      []Hypothesis
}

// Decided reports that each hypothesis has a verdict, be there newer evidence or not: while interviews end, there nearly always is.
func (c Campaign) Decided() bool {
	for _, h := range c.Hypotheses {
		if h.Status == HypothesisPending {
			return false
		}
	}
	return len(c.Hypotheses) > 0
}

// CanComplete reports that nothing is left to find out: there are hypotheses, and each has a verdict on its newest
// evidence. Completing a campaign is an operator's decision; this only advises.
func (c Campaign) CanComplete() bool {
	for _, h := range c.Hypotheses {
		if h.Reopened {
			return false
		}
	}
	return c.Decided()
}

// Questions are the lines of a prompt template that begin with "-", in order, without the dash.
func Questions(promptTemplate string) []string {
	var questions []string
	for line := range strings.Lines(promptTemplate) {
		if q, ok := strings.CutPrefix(strings.TrimSpace(line), "-"); ok {
			if q = strings.TrimSpace(q); q != "" {
				questions = append(questions, q)
			}
		}
	}
	return questions
}

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
