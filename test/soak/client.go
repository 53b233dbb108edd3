package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// client speaks to i-agent as any other program would, and asks again when nobody answers.
type client struct {
	http  http.Client
	token string
}

// callState is what the API says of a call.
type callState struct {
	ID           string  `json:"id"`
	PhoneNumber  string  `json:"phoneNumber"`
	TwilioSid    string  `json:"twilioSid"`
	Status       string  `json:"status"`
	ConsentGiven *bool   `json:"consentGiven"`
	Transcript   *string `json:"transcript"`
	Recordings   []struct {
		Sid    string `json:"sid"`
		Status string `json:"status"`
	} `json:"recordings"`
	Utterances []struct {
		Speaker string `json:"speaker"`
		Text    string `json:"text"`
	} `json:"utterances"`
}

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
	return c.list(ctx, "/api/calls?limit=200")
}

// dead lists the runs that have no attempts left.
func (c *client) dead(ctx context.Context) ([]string, error) {
	return c.list(ctx, "/api/runs?state=failed&limit=200")
}

// list reads the ids of all pages.
func (c *client) list(ctx context.Context, path string) ([]string, error) {
	var ids []string
	for cursor := ""; ; {
		var page struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
			Next *string `json:"next"`
		}
		if err := c.do(ctx, http.MethodGet, path+"&cursor="+url.QueryEscape(cursor), "", nil, &page); err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			ids = append(ids, item.ID)
		}
		if page.Next == nil || *page.Next == "" {
			return ids, nil
		}
		cursor = *page.Next
	}
}

func (c *client) call(ctx context.Context, id string) (callState, error) {
	var got callState
	return got, c.do(ctx, http.MethodGet, "/api/calls/"+id, "", nil, &got)
}

// do asks until it is answered; a refusal is not asked about again.
func (c *client) do(ctx context.Context, method, path, key string, in, out any) error {
	for {
		status, err := c.once(ctx, method, path, key, in, out)
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

func (c *client) once(ctx context.Context, method, path, key string, in, out any) (status int, err error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, publicURL+path, body)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	if response.StatusCode/100 != 2 {
		return response.StatusCode, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if out == nil {
		return response.StatusCode, nil
	}
	return response.StatusCode, json.Unmarshal(text, out)
}
