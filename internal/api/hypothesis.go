package api

import (
	"net/http"

	"github.com/i-agent/iagent/internal/interview"
)

// hypothesis is a hypothesis with the claims that speak to it and all verdicts on it.
type hypothesis struct {
	campaignHypothesis
	CampaignID string `json:"campaignId"`
	// Reopened says that there is newer evidence than the last verdict saw, which stands until the next one.
	Reopened bool `json:"reopened"`
	// Consistency and Confidence are those of the last verdict, null without one.
	Consistency *float64 `json:"consistency"`
	Confidence  *float64 `json:"confidence"`
	// Claims are in the order in which they were made, rejected ones too.
	Claims []claim `json:"claims"`
	// Verdicts are newest first.
	Verdicts []verdict `json:"verdicts"`
}

func (a *api) getHypothesis(w http.ResponseWriter, r *http.Request) error {
	d, err := a.store.HypothesisDetail(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	shown := hypothesis{
		campaignHypothesis: showHypothesis(d.Hypothesis), CampaignID: d.Hypothesis.CampaignID, Reopened: d.Hypothesis.Reopened,
		Claims: each(d.Claims, showClaim), Verdicts: each(d.Verdicts, showVerdict),
	}
	if len(shown.Verdicts) > 0 {
		shown.Consistency, shown.Confidence = &shown.Verdicts[0].Consistency, &shown.Verdicts[0].Confidence
	}
	return answer(w, http.StatusOK, shown)
}

func showHypothesis(h interview.Hypothesis) campaignHypothesis {
	return campaignHypothesis{ID: h.ID, Question: h.Question, Status: h.Status, Conclusion: nullIfZero(h.Conclusion)}
}
