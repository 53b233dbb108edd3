package demo

import (
	"context"
	"net/http"
)

// campaign is what the API says of a campaign.
type campaign struct {
	ID         string       `json:"id"`
	Hypotheses []hypothesis `json:"hypotheses"`
}

// hypothesis is what the API says of a hypothesis.
type hypothesis struct {
	ID         string `json:"id"`
	Question   string `json:"question"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
	Claims     []struct {
		Validated bool    `json:"validated"`
		Rejected  *string `json:"rejected"`
	} `json:"claims"`
}

// place creates a campaign of the study and starts its calls.
func (r *run) place(ctx context.Context) (err error) {
	if _, err = r.api.Do(ctx, http.MethodPost, "/api/campaigns", "", r.study.Campaign(r.study.Name), &r.campaign); err != nil {
		return err
	}
	numbers := make([]string, r.options.Calls)
	for i := range numbers {
		numbers[i] = number(i)
	}
	r.calls, err = r.api.Place(ctx, r.campaign.ID, "", numbers)
	return err
}

// hypotheses reads what became of the campaign's hypotheses.
func (r *run) hypotheses(ctx context.Context) ([]hypothesis, error) {
	all := make([]hypothesis, len(r.campaign.Hypotheses))
	for i, h := range r.campaign.Hypotheses {
		if err := r.api.Get(ctx, "/api/hypotheses/"+h.ID, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}
