package program

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// Call is what the API says of a call.
type Call struct {
	ID           string  `json:"id"`
	PhoneNumber  string  `json:"phoneNumber"`
	TwilioSid    string  `json:"twilioSid"`
	Status       string  `json:"status"`
	ConsentGiven *bool   `json:"consentGiven"`
	Duration     *int    `json:"duration"`
	Transcript   *string `json:"transcript"`
	ErrorCode    *int    `json:"errorCode"`
	ErrorMessage *string `json:"errorMessage"`
	Recordings   []struct {
		Sid    string `json:"sid"`
		Status string `json:"status"`
	} `json:"recordings"`
	Utterances []struct {
		Speaker string `json:"speaker"`
		Text    string `json:"text"`
	} `json:"utterances"`
	Claims []struct {
		RawText  string  `json:"rawText"`
		Rejected *string `json:"rejected"`
	} `json:"claims"`
	Events []struct {
		EventID string `json:"eventId"`
		Kind    string `json:"kind"`
		Outcome string `json:"outcome"`
	} `json:"events"`
	History []struct {
		What   string `json:"what"`
		Detail string `json:"detail"`
	} `json:"history"`
}

// Happened counts the entries of the call's history by what they are about.
func (c Call) Happened() map[string]int {
	counts := map[string]int{}
	for _, entry := range c.History {
		counts[entry.What]++
	}
	return counts
}

// Outcomes counts the call's events by outcome.
func (c Call) Outcomes() map[string]int {
	counts := map[string]int{}
	for _, event := range c.Events {
		counts[event.Outcome]++
	}
	return counts
}

// API is the program's API and webhooks, as others reach them.
type API struct {
	at func() string
}

// NewAPI returns the API of the program that answers at a URL; at says which, each time that it is asked for.
func NewAPI(at func() string) API { return API{at} }

// Campaign is what the tests ask people about.
const Campaign = `{"name": "Oat drink on the shelf", "category": "oat drink", "status": "ACTIVE",
	"promptTemplate": "Ask a shop owner:\n- What does a litre of oat drink cost?\n- How many cases do you sell in a week?",
	"hypotheses": [{"question": "Does a litre cost more than 2 dollars?"}]}`

// Place creates a campaign and starts calls to the numbers, over the API.
func (a API) Place(t testing.TB, numbers ...string) []Call {
	t.Helper()
	var campaign struct {
		ID string `json:"id"`
	}
	a.api(t, http.MethodPost, "/api/campaigns", []byte(Campaign), http.StatusCreated, &campaign)
	body, err := json.Marshal(map[string]any{"phoneNumbers": numbers})
	if err != nil {
		t.Fatal(err)
	}
	var placed struct {
		Calls []Call `json:"calls"`
	}
	a.api(t, http.MethodPost, "/api/campaigns/"+campaign.ID+"/calls", body, http.StatusAccepted, &placed)
	if len(placed.Calls) != len(numbers) {
		t.Fatalf("%d numbers started %d calls", len(numbers), len(placed.Calls))
	}
	return placed.Calls
}

// Call asks the API about a call.
func (a API) Call(t testing.TB, id string) Call {
	t.Helper()
	call, err := a.LookUp(id)
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// LookUp is Call for those who go on without the answer.
func (a API) LookUp(id string) (Call, error) {
	var call Call
	return call, a.Get("/api/calls/"+id, &call)
}

// AwaitCall asks about a call until it is as it should be; wrong says what is not.
func (a API) AwaitCall(t testing.TB, within time.Duration, id string, wrong func(Call) error) Call {
	t.Helper()
	var call Call
	Eventually(t, within, func() (err error) {
		if call, err = a.LookUp(id); err != nil {
			return err
		}
		return wrong(call)
	})
	return call
}

// HasStatus is for AwaitCall.
func HasStatus(want string) func(Call) error {
	return func(call Call) error {
		if call.Status != want {
			return fmt.Errorf("call is %s, not %s; history: %v", call.Status, want, call.History)
		}
		return nil
	}
}

// Do sends a command to the API, with a body of JSON or none, and fails the test unless it is answered with this status.
func (a API) Do(t testing.TB, method, path, body string, want int) {
	t.Helper()
	var answer json.RawMessage
	a.api(t, method, path, []byte(body), want, &answer)
}

// Get asks the API.
func (a API) Get(path string, into any) error {
	return a.request(http.MethodGet, path, nil, http.StatusOK, into)
}

func (a API) api(t testing.TB, method, path string, body []byte, want int, into any) {
	t.Helper()
	if err := a.request(method, path, body, want, into); err != nil {
		t.Fatal(err)
	}
}

func (a API) request(method, path string, body []byte, want int, into any) error {
	r, err := http.NewRequest(method, a.at()+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+AdminToken)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Timeout: 30 * time.Second}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode != want {
		return fmt.Errorf("%s %s: %s, not %d: %s", method, path, response.Status, want, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s %s: %w: %s", method, path, err, text)
	}
	return nil
}
