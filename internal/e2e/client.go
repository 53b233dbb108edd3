package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Client is a client of i-agent's API.
type Client struct {
	// URL returns where the server is, each time that it is asked for; "" while it is nowhere.
	URL func() string
	// Token is the server's ADMIN_TOKEN.
	Token string
	// HTTP, if set, is used instead of http.DefaultClient.
	HTTP *http.Client
	// Retry makes a request again until it is answered with another status than 5xx, or its context ends.
	Retry bool
}

// Do makes a request and reads the answer's JSON into out, if that is not nil. With a key the request may be made again and
// takes effect once. The status is 0 when nobody answered; any but 2xx is an error.
func (c *Client) Do(ctx context.Context, method, path, key string, in, out any) (status int, err error) {
	for {
		var again bool
		status, again, err = c.do(ctx, method, path, key, in, out)
		if err != nil {
			err = fmt.Errorf("%s %s: %w", method, path, err)
		}
		if !again || !c.Retry || Wait(ctx, 200*time.Millisecond) != nil {
			return status, err
		}
	}
}

// do makes a request once. again says that another attempt may get an answer: nobody answered, or the server failed.
func (c *Client) do(ctx context.Context, method, path, key string, in, out any) (status int, again bool, err error) {
	base := c.URL()
	if base == "" {
		return 0, true, errors.New("no server is running")
	}
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return 0, false, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, base+path, body)
	if err != nil {
		return 0, false, err
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(r)
	if err != nil {
		return 0, true, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, true, err
	}
	status = response.StatusCode
	if status/100 != 2 {
		return status, status/100 == 5, fmt.Errorf("%s: %s", response.Status, text)
	}
	if out == nil {
		return status, false, nil
	}
	return status, false, json.Unmarshal(text, out)
}

// Get reads a resource.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	_, err := c.Do(ctx, http.MethodGet, path, "", nil, out)
	return err
}

// readList reads a list over all its pages. The path has a query.
func readList[Item any](ctx context.Context, c *Client, path string) ([]Item, error) {
	var items []Item
	for cursor := ""; ; {
		var page struct {
			Items []Item  `json:"items"`
			Next  *string `json:"next"`
		}
		if err := c.Get(ctx, path+"&limit=200&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if page.Next == nil || *page.Next == "" {
			return items, nil
		}
		cursor = *page.Next
	}
}

// IDs reads the ids of a list, over all its pages. The path has a query.
func (c *Client) IDs(ctx context.Context, path string) ([]string, error) {
	items, err := readList[struct {
		ID string `json:"id"`
	}](ctx, c, path)
	var ids []string
	for _, item := range items {
		ids = append(ids, item.ID)
	}
	return ids, err
}

// CreateCampaign creates a campaign and returns its id.
func (c *Client) CreateCampaign(ctx context.Context, key string, campaign any) (id string, err error) {
	var made struct {
		ID string `json:"id"`
	}
	_, err = c.Do(ctx, http.MethodPost, "/api/campaigns", key, campaign, &made)
	return made.ID, err
}

// Place starts a call to each of the numbers.
func (c *Client) Place(ctx context.Context, campaignID, key string, numbers []string) ([]Call, error) {
	var placed struct {
		Calls []Call `json:"calls"`
	}
	_, err := c.Do(ctx, http.MethodPost, "/api/campaigns/"+campaignID+"/calls", key, map[string]any{"phoneNumbers": numbers}, &placed)
	if err == nil && len(placed.Calls) != len(numbers) {
		err = fmt.Errorf("%d numbers started %d calls", len(numbers), len(placed.Calls))
	}
	return placed.Calls, err
}

// Call reads a call.
func (c *Client) Call(ctx context.Context, id string) (Call, error) {
	var call Call
	return call, c.Get(ctx, "/api/calls/"+id, &call)
}

// Runs lists all runs in a state, newest first.
func (c *Client) Runs(ctx context.Context, state string) ([]Run, error) {
	return readList[Run](ctx, c, "/api/runs?state="+state)
}

// newestRun reads the run that was started last, in whatever state it is; a zero one if there is none.
func (c *Client) newestRun(ctx context.Context) (Run, error) {
	var list struct {
		Items []Run `json:"items"`
	}
	err := c.Get(ctx, "/api/runs?limit=1", &list)
	return append(list.Items, Run{})[0], err
}

// Wait returns after that time, or earlier with the cause of the context's end.
func Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
