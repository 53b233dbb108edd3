package twilio_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/i-agent/iagent/internal/twilio"
)

const (
	secondary  = "fedcba9876543210fedcba9876543210"
	ownAccount = account
)

// rotating is an account whose valid tokens change. It keeps the tokens that were tried.
type rotating struct {
	mu    sync.Mutex
	valid string
	tried []string
	body  string
	calls int
}

func (r *rotating) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, token, _ := req.BasicAuth()
	r.tried = append(r.tried, token)
	w.Header().Set("Content-Type", "application/json")
	if token != r.valid {
		w.WriteHeader(401)
		_, _ = io.WriteString(w, r.body)
		return
	}
	switch {
	case req.Method == http.MethodPost && req.FormValue("To") == call.To:
		r.calls++
		w.WriteHeader(201)
		_, _ = io.WriteString(w, row(nil))
	case req.Method == http.MethodPost:
		w.WriteHeader(400)
	default:
		_, _ = io.WriteString(w, `{"calls":[]}`)
	}
}

func (r *rotating) set(valid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.valid, r.tried = valid, nil
}

const authenticate = `{"code":20003,"message":"Authenticate","status":401}`

func TestSecondaryTokenIsUsedWhenThePrimaryIsRefused(t *testing.T) {
	account := &rotating{valid: secondary, body: authenticate}
	server := httptest.NewServer(account)
	defer server.Close()
	var said []bool
	client, err := twilio.New(twilio.Config{AccountSid: ownAccount, AuthToken: token, SecondaryToken: secondary, APIURL: server.URL,
		OnToken: func(second bool) { said = append(said, second) }})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := client.CreateCall(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.CheckAccount(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{token, secondary, secondary, secondary}; !slices.Equal(account.tried, want) || account.calls != 2 {
		t.Errorf("%d calls, tried %q", account.calls, account.tried)
	}
	// The operator gave the program's secondary token up.
	account.set(token)
	if err := client.CheckAccount(t.Context()); err != nil {
		t.Fatal(err)
	}
	account.set("another")
	if e := failure(t, client.CheckAccount(t.Context())); e.Status != 401 || len(account.tried) != 2 {
		t.Errorf("%v after %d requests", e, len(account.tried))
	}
	if !slices.Equal(said, []bool{true, false}) {
		t.Errorf("said %v", said)
	}
}

// A proxy's 401 does not say whether Twilio placed the call.
func TestDialIsRepeatedOnlyAfterTwiliosOwn401(t *testing.T) {
	account := &rotating{valid: secondary, body: `<html>Unauthorized</html>`}
	server := httptest.NewServer(account)
	defer server.Close()
	client, err := twilio.New(twilio.Config{AccountSid: ownAccount, AuthToken: token, SecondaryToken: secondary, APIURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.CreateCall(t.Context(), call)
	if e := failure(t, err); e.Refusal() != twilio.NoRefusal || e.NotSent() || len(account.tried) != 1 {
		t.Errorf("%v after %d requests", err, len(account.tried))
	}
}
