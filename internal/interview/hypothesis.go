package interview

import "time"

// HypothesisStatus is the verdict on a hypothesis.
type HypothesisStatus string

// The verdicts. PENDING means that there is not enough evidence yet.
const (
	HypothesisPending      HypothesisStatus = "PENDING"
	HypothesisValidated    HypothesisStatus = "VALIDATED"
	HypothesisInvalidated  HypothesisStatus = "INVALIDATED"
	HypothesisInconclusive HypothesisStatus = "INCONCLUSIVE"
)

// Hypothesis is a question that a campaign's calls answer together.
type Hypothesis struct {
	ID         string
	CampaignID string
	Question   string
	Status     HypothesisStatus
	Conclusion string
	// Reopened says that there is a verdict, and newer evidence than it saw. The verdict stands until the next one.
	Reopened  bool
	CreatedAt time.Time
}
