package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/i-agent/iagent/signature"
)

const (
	token  = "12345678901234567890123456789012"
	public = "https://example.com"
)

// The program is stopped and started between the deliveries: what it answered before, it answers again.
func TestExampleGreetsARedeliveredCallWithTheSameNumber(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calls.db")
	for _, want := range []struct{ call, answer, duplicate string }{
		{"CA1", "number 1", ""},
		{"CA2", "number 2", ""},
		{"CA1", "number 1", "true"},
		{"CA3", "number 3", ""},
	} {
		status, body, duplicate := call(t, path, want.call)
		if status != 200 || !strings.Contains(body, want.answer) || duplicate != want.duplicate {
			t.Errorf("%s: %d %s, duplicate %q; want %s, %q", want.call, status, body, duplicate, want.answer, want.duplicate)
		}
	}
}

// call runs the program for one webhook.
func call(t *testing.T, path, callSid string) (status int, body, duplicate string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	verifier, err := signature.New(signature.Config{URL: public, Tokens: []string{token}})
	if err != nil {
		t.Fatal(err)
	}
	db, err := open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	handler, err := newHandler(ctx, verifier, db)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, handler) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()

	form := url.Values{"CallSid": {callSid}, "From": {"+15551234567"}}
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+listener.Addr().String()+"/voice", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set(signature.Header, signature.Sign(token, public+"/voice", form))
	r.Close = true
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b), response.Header.Get("X-Webhook-Duplicate")
}
