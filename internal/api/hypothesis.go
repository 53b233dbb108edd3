package api

import (
	"net/http"

	"github.com/i-agent/iagent/internal/interview"
)

// hypothesis is a hypothesis with the newest claims that speak to it and the newest verdicts on it.
type hypothesis struct {
	campaignHypothesis
	CampaignID string `json:"campaignId"`
	// Reopened says that there is newer evidence than the last verdict saw, which stands until the next one.
	Reopened bool `json:"reopened"`
	// Consistency and Confidence are those of the last verdict, null without one.
	Consistency *float64 `json:"consistency"`
	Confidence  *float64 `json:"confidence"`
	// Claims are the newest store.MaxDetailClaims, in the order in which they were made, rejected ones too; ClaimCount counts all.
	Claims     []claim `json:"claims"`
	ClaimCount int     `json:"claimCount"`
	// Verdicts are the newest store.MaxVerdicts, newest first; VerdictCount counts all.
	Verdicts     []verdict `json:"verdicts"`
	VerdictCount int       `json:"verdictCount"`
}

func (a *api) getHypothesis(w http.ResponseWriter, r *http.Request) error {
	d, err := a.store.HypothesisDetail(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	shown := hypothesis{
		campaignHypothesis: showHypothesis(d.Hypothesis), CampaignID: d.Hypothesis.CampaignID, Reopened: d.Hypothesis.Reopened,
		Claims: each(d.Claims, showClaim), ClaimCount: d.ClaimCount, Verdicts: each(d.Verdicts, showVerdict), VerdictCount: d.VerdictCount,
	}
	if len(shown.Verdicts) > 0 {
		shown.Consistency, shown.Confidence = &shown.Verdicts[0].Consistency, &shown.Verdicts[0].Confidence
	}
	return answer(w, http.StatusOK, shown)
}

// listClaims lists all claims of a hypothesis, the newest first.
func (a *api) listClaims(w http.ResponseWriter, r *http.Request) error {
	_, page, err := listQuery(r)
	if err != nil {
		return err
	}
	claims, err := a.store.ClaimsOfHypothesis(r.Context(), r.PathValue("id"), page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(claims, showClaim))
}

// listVerdicts lists all verdicts on a hypothesis, the newest first.
func (a *api) listVerdicts(w http.ResponseWriter, r *http.Request) error {
	_, page, err := listQuery(r)
	if err != nil {
		return err
	}
	verdicts, err := a.store.VerdictsOfHypothesis(r.Context(), r.PathValue("id"), page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(verdicts, showVerdict))
}

func showHypothesis(h interview.Hypothesis) campaignHypothesis {
	return campaignHypothesis{ID: h.ID, Question: h.Question, Status: h.Status, Conclusion: nullIfZero(h.Conclusion)}
}
