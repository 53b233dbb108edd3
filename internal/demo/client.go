package demo

import (
	"context"
	"net/http"

	"github.com/i-agent/iagent/internal/outside"
)

// client speaks to i-agent as any other program would: over its API.
type client struct{ outside.Client }

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

// create makes a campaign of the study.
func (c *client) create(ctx context.Context, study Study) (campaign, error) {
	var made campaign
	_, err := c.Do(ctx, http.MethodPost, "/api/campaigns", "", study.campaign(), &made)
	return made, err
}

// place starts the calls of a campaign.
func (c *client) place(ctx context.Context, campaignID string, calls int) ([]outside.Call, error) {
	numbers := make([]string, calls)
	for i := range numbers {
		numbers[i] = number(i)
	}
	var placed struct {
		Calls []outside.Call `json:"calls"`
	}
	_, err := c.Do(ctx, http.MethodPost, "/api/campaigns/"+campaignID+"/calls", "", map[string]any{"phoneNumbers": numbers}, &placed)
	return placed.Calls, err
}

func (c *client) hypothesis(ctx context.Context, id string) (hypothesis, error) {
	var got hypothesis
	return got, c.Get(ctx, "/api/hypotheses/"+id, &got)
}

func (c *client) call(ctx context.Context, id string) (outside.Call, error) {
	return outside.Get(c.Get).Call(ctx, id)
}

// accepted counts the events that took effect.
func (c *client) accepted(ctx context.Context) (int, error) {
	ids, err := outside.Get(c.Get).IDs(ctx, "/api/webhooks?outcome=accepted")
	return len(ids), err
}
