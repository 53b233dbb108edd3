package e2etest

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

// Webhook is a request as Twilio would send it, but for what a test changes. The zero value of a field is what Twilio
// would send, or nothing.
type Webhook struct {
	// Target is path and query, such as /api/webhooks/twilio/voice?callId=…
	Target string
	Form   url.Values
	// Token signs; empty is the account's own.
	Token string
	// Unsigned leaves the signature out, Signature sends this one.
	Unsigned  bool
	Signature string
	// Body is sent instead of the encoded form, ContentType instead of the form's, Method instead of POST.
	Body, ContentType, Method string
	Accept                    string
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Sign is Twilio's signature of a POSTed form (Twilio: Webhooks security), written down here a second time on purpose.
func Sign(token, url string, form url.Values) string {
	message := url
	for _, name := range slices.Sorted(maps.Keys(form)) {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			message += name + value
		}
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(message))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Send sends a webhook and fails the test when nothing came back.
func (a API) Send(t testing.TB, w Webhook) Answer {
	t.Helper()
	answer, err := a.Post(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// Post sends a webhook.
func (a API) Post(ctx context.Context, w Webhook) (Answer, error) {
	if w.Method == "" {
		w.Method = http.MethodPost
	}
	if w.Body == "" {
		w.Body = w.Form.Encode()
	}
	if w.ContentType == "" {
		w.ContentType = "application/x-www-form-urlencoded; charset=UTF-8"
	}
	if w.Token == "" {
		w.Token = Token
	}
	if w.Signature == "" {
		w.Signature = Sign(w.Token, e2e.PublicURL+w.Target, w.Form)
	}
	if w.Accept == "" {
		w.Accept = "*/*"
	}
	r, err := http.NewRequestWithContext(ctx, w.Method, a.URL()+w.Target, strings.NewReader(w.Body))
	if err != nil {
		return Answer{}, err
	}
	r.Header.Set("Content-Type", w.ContentType)
	r.Header.Set("Accept", w.Accept)
	r.Header.Set("User-Agent", "TwilioProxy/1.1")
	if !w.Unsigned {
		r.Header.Set("X-Twilio-Signature", w.Signature)
	}
	client := http.Client{Timeout: 30 * time.Second}
	response, err := client.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return Answer{Status: response.StatusCode, Header: response.Header, Body: string(body)}, err
}
