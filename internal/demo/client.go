package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// client speaks to i-agent as any other program would: over its API.
type client struct {
	url, token string
}

// call is what the API says of a call.
type call struct {
	ID           string `json:"id"`
	PhoneNumber  string `json:"phoneNumber"`
	TwilioSid    string `json:"twilioSid"`
	Status       string `json:"status"`
	ConsentGiven *bool  `json:"consentGiven"`
	Duration     *int   `json:"duration"`
	Transcript   string `json:"transcript"`
	Recordings   []struct {
		Sid    string `json:"sid"`
		Status string `json:"status"`
	} `json:"recordings"`
	Utterances []struct {
		Speaker string `json:"speaker"`
		Text    string `json:"text"`
	} `json:"utterances"`
}

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
	return made, c.do(ctx, http.MethodPost, "/api/campaigns", study.campaign(), &made)
}

// place starts the calls of a campaign.
func (c *client) place(ctx context.Context, campaignID string, calls int) ([]call, error) {
	numbers := make([]string, calls)
	for i := range numbers {
		numbers[i] = number(i)
	}
	var placed struct {
		Calls []call `json:"calls"`
	}
	err := c.do(ctx, http.MethodPost, "/api/campaigns/"+campaignID+"/calls", map[string]any{"phoneNumbers": numbers}, &placed)
	return placed.Calls, err
}

func (c *client) hypothesis(ctx context.Context, id string) (hypothesis, error) {
	var got hypothesis
	return got, c.do(ctx, http.MethodGet, "/api/hypotheses/"+id, nil, &got)
}

func (c *client) call(ctx context.Context, id string) (call, error) {
	var got call
	return got, c.do(ctx, http.MethodGet, "/api/calls/"+id, nil, &got)
}

// accepted counts the events that took effect, over all pages.
func (c *client) accepted(ctx context.Context) (int, error) {
	n, cursor := 0, ""
	for {
		var page struct {
			Items []json.RawMessage `json:"items"`
			Next  *string           `json:"next"`
		}
		err := c.do(ctx, http.MethodGet, "/api/webhooks?outcome=accepted&limit=200&cursor="+url.QueryEscape(cursor), nil, &page)
		if err != nil {
			return 0, err
		}
		n += len(page.Items)
		if page.Next == nil || *page.Next == "" {
			return n, nil
		}
		cursor = *page.Next
	}
}

func (c *client) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}
