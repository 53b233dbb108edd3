package e2etest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

// API is the program's API and webhooks, as others reach them. A request that nobody answers fails the test.
type API struct {
	*e2e.Client
}

// newAPI returns the API of the server that answers at a URL; at says which, each time that it is asked for.
func newAPI(at func() string) API {
	return API{&e2e.Client{URL: at, Token: AdminToken, HTTP: &http.Client{Timeout: 30 * time.Second}}}
}

// Campaign is what the tests ask people about.
var Campaign = json.RawMessage(`{"name": "Oat drink on the shelf", "category": "oat drink", "status": "ACTIVE",
	"identity": {"organisation": "Shelf Research", "callbackNumber": "+15550009999", "purpose": "prices on the shelf"},
	"callingHours": [{"days": "mon-sun", "from": "00:00", "to": "24:00"}],
	"promptTemplate": "Ask a shop owner:\n- What does a litre of oat drink cost?\n- How many cases do you sell in a week?",
	"hypotheses": [{"question": "Does a litre cost more than 2 dollars?"}]}`)

// Place creates a campaign and starts calls to the numbers.
func (a API) Place(t testing.TB, numbers ...string) []e2e.Call {
	t.Helper()
	campaign, err := a.CreateCampaign(t.Context(), "", Campaign)
	if err != nil {
		t.Fatal(err)
	}
	placed, err := a.Client.Place(t.Context(), campaign, "", numbers)
	if err != nil {
		t.Fatal(err)
	}
	return placed
}

// Call asks about a call.
func (a API) Call(t testing.TB, id string) e2e.Call {
	t.Helper()
	call, err := a.Client.Call(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// AwaitCall asks about a call until it is as it should be; wrong says what is not.
func (a API) AwaitCall(t testing.TB, id string, wrong func(e2e.Call) error) e2e.Call {
	t.Helper()
	var call e2e.Call
	Eventually(t, func() (err error) {
		if call, err = a.Client.Call(t.Context(), id); err != nil {
			return err
		}
		return wrong(call)
	})
	return call
}

// HasStatus is for AwaitCall.
func HasStatus(want string) func(e2e.Call) error {
	return func(call e2e.Call) error {
		if call.Status != want {
			return fmt.Errorf("call is %s, not %s; history: %v", call.Status, want, call.History)
		}
		return nil
	}
}

// Do sends a command, with a body of JSON or none, and fails the test unless it is answered with this status.
func (a API) Do(t testing.TB, method, path, body string, want int) {
	t.Helper()
	var in any
	if body != "" {
		in = json.RawMessage(body)
	}
	if status, err := a.Client.Do(t.Context(), method, path, "", in, nil); status != want {
		t.Fatalf("%s %s: %d, not %d: %v", method, path, status, want, err)
	}
}
