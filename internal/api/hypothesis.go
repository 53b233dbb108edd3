package api

import (
	"context"
	"net/http"

	"github.com/i-agent/iagent/internal/interview"
)

// hypothesisStore keeps hypotheses.
type hypothesisStore interface {
	Hypothesis(ctx context.Context, id string) (interview.Hypothesis, error)
}

// hypothesis is a hypothesis with the claims that speak to it.
type hypothesis struct {
	campaignHypothesis
	Claims []claim `json:"claims"`
}

// claim is something that a person said. No function makes claims yet, so every list of them is empty.
type claim struct{}

func (a *api) getHypothesis(w http.ResponseWriter, r *http.Request) error {
	h, err := a.store.Hypothesis(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, hypothesis{showHypothesis(h), []claim{}})
}

func showHypothesis(h interview.Hypothesis) campaignHypothesis {
	return campaignHypothesis{ID: h.ID, Question: h.Question, Status: h.Status, Conclusion: known(h.Conclusion)}
}
