package api

import (
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// claim is something that a person said about a hypothesis.
type claim struct {
	ID     string `json:"id"`
	CallID string `json:"callId"`
	// HypothesisID is null when the model named none of this campaign; the claim is then rejected.
	HypothesisID *string         `json:"hypothesisId"`
	Field        interview.Field `json:"field"`
	ValueNumber  *float64        `json:"valueNumber"`
	ValueText    *string         `json:"valueText"`
	Unit         interview.Unit  `json:"unit"`
	SkuID        *string         `json:"skuId"`
	GeoCode      *string         `json:"geoCode"`
	// Text is the claim in a sentence, RawText the words that were said.
	Text    string `json:"text"`
	RawText string `json:"rawText"`
	// StartSec and EndSec are when they were said, in seconds from the start of the recording.
	StartSec   float64 `json:"startSec"`
	EndSec     float64 `json:"endSec"`
	Confidence float64 `json:"confidence"`
	Validated  bool    `json:"validated"`
	// EvidenceURL plays the words.
	EvidenceURL *string `json:"evidenceUrl"`
	// Supports says whether the claim speaks for the hypothesis; null for neither.
	Supports *bool `json:"supports"`
	// Contradicting marks a claim that speaks against a hypothesis on which there is a verdict.
	Contradicting bool `json:"contradicting"`
	LowConfidence bool `json:"lowConfidence"`
	// Rejected is why the claim is no evidence, null for one that is.
	Rejected *string `json:"rejected"`
}

// verdict is a judgement on a hypothesis, now or earlier.
type verdict struct {
	ID string `json:"id"`
	// Revision counts the changes of the evidence; a revision is judged at most once.
	Revision   int                        `json:"revision"`
	Status     interview.HypothesisStatus `json:"status"`
	Conclusion *string                    `json:"conclusion"`
	// Consistency is the share of the claims that point the way most do, from 0 to 1.
	Consistency float64 `json:"consistency"`
	// Confidence is the average of the claims'.
	Confidence float64   `json:"confidence"`
	Claims     int       `json:"claims"`
	Calls      int       `json:"calls"`
	Reasons    []string  `json:"reasons"`
	Model      *string   `json:"model"`
	CreatedAt  time.Time `json:"createdAt"`
}

func showClaim(c interview.Claim) claim {
	return claim{
		ID: c.ID, CallID: c.CallID, HypothesisID: nullIfZero(c.HypothesisID), Field: c.Field, ValueNumber: c.ValueNumber,
		ValueText: nullIfZero(c.ValueText), Unit: c.Unit, SkuID: nullIfZero(c.SkuID), GeoCode: nullIfZero(c.GeoCode), Text: c.Text, RawText: c.RawText,
		StartSec: c.StartSec, EndSec: c.EndSec, Confidence: c.Confidence, Validated: c.Validated, EvidenceURL: nullIfZero(c.EvidenceURL),
		Supports: c.Supports, Contradicting: c.Contradicting, LowConfidence: c.LowConfidence, Rejected: nullIfZero(c.Rejected),
	}
}

func showVerdict(v interview.Verdict) verdict {
	return verdict{
		ID: v.ID, Revision: v.Revision, Status: v.Status, Conclusion: nullIfZero(v.Conclusion), Consistency: v.Consistency,
		Confidence: v.Confidence, Claims: v.Claims, Calls: v.Calls, Reasons: append([]string{}, v.Reasons...), Model: nullIfZero(v.Model),
		CreatedAt: v.CreatedAt.UTC(),
	}
}
