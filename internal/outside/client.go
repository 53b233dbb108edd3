package outside

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Client speaks to i-agent as any other program would: over its API.
type Client struct {
	// URL is the server's, Token its ADMIN_TOKEN.
	URL, Token string
	// HTTP is the way there; nil is http.DefaultClient.
	HTTP *http.Client
}

// Call is what the API says of a call.
type Call struct {
	ID           string  `json:"id"`
	PhoneNumber  string  `json:"phoneNumber"`
	TwilioSid    string  `json:"twilioSid"`
	Status       string  `json:"status"`
	ConsentGiven *bool   `json:"consentGiven"`
	Duration     *int    `json:"duration"` // in seconds
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

// Do makes one request. With a key it may be made again and takes effect once. The status is 0 when nobody answered; any
// but 2xx is an error.
func (c *Client) Do(ctx context.Context, method, path, key string, in, out any) (status int, err error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.URL+path, body)
	if err != nil {
		return 0, err
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
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode/100 != 2 {
		return response.StatusCode, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if out == nil {
		return response.StatusCode, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return response.StatusCode, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return response.StatusCode, nil
}

// Get asks for something.
type Get func(ctx context.Context, path string, out any) error

// Get is the Get of a client that asks once.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	_, err := c.Do(ctx, http.MethodGet, path, "", nil, out)
	return err
}

// IDs reads the ids of a list, over all its pages. The path has a query.
func (get Get) IDs(ctx context.Context, path string) ([]string, error) {
	var ids []string
	for cursor := ""; ; {
		var page struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
			Next *string `json:"next"`
		}
		if err := get(ctx, path+"&limit=200&cursor="+url.QueryEscape(cursor), &page); err != nil {
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

// Call asks about a call.
func (get Get) Call(ctx context.Context, id string) (Call, error) {
	var got Call
	return got, get(ctx, "/api/calls/"+id, &got)
}
