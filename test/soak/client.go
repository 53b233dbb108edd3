package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/outside"
)

// client speaks to i-agent as any other program would, and asks again when nobody answers.
type client struct{ outside.Client }

// place creates the campaigns and starts the calls: each request with a key, so that it may be sent again.
func (c *client) place(ctx context.Context, p *people, campaigns, batch int) error {
	ids := make([]string, campaigns)
	for n := range ids {
		var made struct {
			ID string `json:"id"`
		}
		if err := c.do(ctx, http.MethodPost, "/api/campaigns", fmt.Sprintf("campaign-%d", n), p.campaign(n), &made); err != nil {
			return err
		}
		ids[n] = made.ID
	}
	for n := 0; n*batch < len(p.numbers); n++ {
		numbers := p.numbers[n*batch : min((n+1)*batch, len(p.numbers))]
		path := "/api/campaigns/" + ids[n%campaigns] + "/calls"
		if err := c.do(ctx, http.MethodPost, path, fmt.Sprintf("batch-%d", n), map[string]any{"phoneNumbers": numbers}, nil); err != nil {
			return err
		}
	}
	return nil
}

// ids lists all calls.
func (c *client) ids(ctx context.Context) ([]string, error) {
	return outside.Get(c.get).IDs(ctx, "/api/calls?")
}

// dead lists the runs that have no attempts left.
func (c *client) dead(ctx context.Context) ([]string, error) {
	return outside.Get(c.get).IDs(ctx, "/api/runs?state=failed")
}

// lastError is why the last attempt of a run failed.
func (c *client) lastError(ctx context.Context, id string) (string, error) {
	var run struct {
		LastError string `json:"lastError"`
	}
	return run.LastError, c.get(ctx, "/api/runs/"+id, &run)
}

func (c *client) call(ctx context.Context, id string) (outside.Call, error) {
	return outside.Get(c.get).Call(ctx, id)
}

func (c *client) get(ctx context.Context, path string, out any) error {
	return c.do(ctx, http.MethodGet, path, "", nil, out)
}

// do asks until it is answered; a refusal is not asked about again.
func (c *client) do(ctx context.Context, method, path, key string, in, out any) error {
	for {
		status, err := c.Do(ctx, method, path, key, in, out)
		if err == nil || status/100 == 4 {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}
