package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

func failure(err error) string { return fault.Of(err).String() }

// Target is where stored requests are sent again.
type Target struct {
	// Base stands before the path and query of each request.
	Base string
	// TokenOf is the token with which requests of an account are signed, "" for none.
	TokenOf func(accountSid string) string
}

// ParseBase checks a base URL: http or https, a host, no query and no user.
func ParseBase(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "", errors.New("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", errors.New("must be a URL such as https://host/path")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("must have no user, query or fragment")
	}
	return strings.TrimRight(text, "/"), nil
}

// errNoToken says that there is no token to sign with.
var errNoToken = errors.New("no token of the event's account is configured; give --to-token")

// signed is a stored request as it is sent again.
type signed struct {
	url, signature string
	event          store.WebhookDetail
}

func (t Target) sign(e store.WebhookDetail) (signed, error) {
	if e.Body == nil {
		return signed{}, store.ErrPruned
	}
	token := t.TokenOf(e.AccountSid)
	if token == "" {
		return signed{}, errNoToken
	}
	s := signed{url: t.Base + e.Target, event: e}
	var err error
	s.signature, err = signature.SignForm(token, s.url, e.Body)
	return s, err
}

// Send sends a stored request, signed anew, and returns the status of the answer. Redirects are not followed.
func (t Target) Send(ctx context.Context, client *http.Client, e store.WebhookDetail) (int, error) {
	s, err := t.sign(e)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(e.Body))
	if err != nil {
		return 0, fmt.Errorf("making the request: %w", err)
	}
	for _, h := range s.headers() {
		r.Header.Set(h[0], h[1])
	}
	res, err := client.Do(r)
	if err != nil {
		return 0, fmt.Errorf("sending: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)) // so that the connection can be used again
	return res.StatusCode, nil
}

// NewClient is an HTTP client that follows no redirects.
func NewClient() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (s signed) headers() [][2]string {
	headers := [][2]string{{"Content-Type", s.event.ContentType}, {"X-Twilio-Signature", s.signature}}
	if s.event.IdempotencyToken != "" {
		headers = append(headers, [2]string{"I-Twilio-Idempotency-Token", s.event.IdempotencyToken})
	}
	return headers
}

// Curl is a command line that sends a stored request, signed anew. It does not contain the token. Everything that comes from
// the request is quoted for a POSIX shell.
func (t Target) Curl(e store.WebhookDetail) (string, error) {
	s, err := t.sign(e)
	if err != nil {
		return "", err
	}
	if bytes.IndexByte(e.Body, 0) >= 0 {
		return "", errors.New("the body has a NUL, which no command line can have")
	}
	var b strings.Builder
	b.WriteString("curl -sS --globoff --path-as-is -X POST")
	for _, h := range s.headers() {
		b.WriteString(" -H " + quote(h[0]+": "+h[1]))
	}
	b.WriteString(" --data-raw " + quote(string(e.Body)) + " " + quote(s.url))
	return b.String(), nil
}

// quote makes one word of a POSIX shell of any text without NUL.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
