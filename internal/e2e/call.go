package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Call is what the API says of a call.
type Call struct {
	ID           string  `json:"id"`
	PhoneNumber  string  `json:"phoneNumber"`
	TwilioSid    string  `json:"twilioSid"`
	Status       string  `json:"status"`
	ConsentGiven *bool   `json:"consentGiven"`
	Duration     *int    `json:"duration"` // in seconds
	Transcript   *string `json:"transcript"`
	ErrorCode    *int    `json:"errorCode"`
	ErrorMessage *string `json:"errorMessage"`
	Recordings   []struct {
		Sid    string `json:"sid"`
		Status string `json:"status"`
	} `json:"recordings"`
	Utterances []Utterance `json:"utterances"`
	Claims     []struct {
		RawText  string  `json:"rawText"`
		Rejected *string `json:"rejected"`
	} `json:"claims"`
	Events []struct {
		EventID string `json:"eventId"`
		Kind    string `json:"kind"`
		Outcome string `json:"outcome"`
	} `json:"events"`
	History []struct {
		At     time.Time `json:"at"`
		What   string    `json:"what"`
		Detail string    `json:"detail"`
	} `json:"history"`
}

// Utterance is a line of a call's transcript; Speaker is agent, callee or unknown.
type Utterance struct {
	Speaker string `json:"speaker"`
	Text    string `json:"text"`
}

// Consented reports whether the person is known to have agreed.
func (c Call) Consented() bool { return c.ConsentGiven != nil && *c.ConsentGiven }

// toldOverREST ends the id of an event for which Twilio has no callback: that a call is queued, it tells whoever fetches the call.
const toldOverREST = ":status:queued"

// TookEffect counts the webhooks of the call that took effect, without what was only fetched.
func (c Call) TookEffect() (n int) {
	for _, e := range c.Events {
		if e.Outcome == "accepted" && !strings.HasSuffix(e.EventID, toldOverREST) {
			n++
		}
	}
	return n
}

// Happened counts the entries of the call's history by what they are about.
func (c Call) Happened() map[string]int {
	counts := map[string]int{}
	for _, entry := range c.History {
		counts[entry.What]++
	}
	return counts
}

// When is when the call's history says first that something happened; the zero time if it never did.
func (c Call) When(what string) time.Time {
	for _, entry := range c.History {
		if entry.What == what {
			return entry.At
		}
	}
	return time.Time{}
}

// Outcomes counts the call's events by outcome.
func (c Call) Outcomes() map[string]int {
	counts := map[string]int{}
	for _, event := range c.Events {
		counts[event.Outcome]++
	}
	return counts
}

// Run is what the API says of a run: one function that runs once for its key.
type Run struct {
	ID        string  `json:"id"`
	Function  string  `json:"function"`
	Key       string  `json:"key"`
	State     string  `json:"state"`
	Attempts  int     `json:"attempts"`
	LastError *string `json:"lastError"`
}

// String names the run without the phone number of anybody.
func (r Run) String() string {
	text := fmt.Sprintf("run %s of %s for %s is %s after %d attempts", r.ID, r.Function, r.Key, r.State, r.Attempts)
	if r.LastError != nil && *r.LastError != "" {
		text += ": " + *r.LastError
	}
	return masked(text)
}

// numberLike finds phone numbers, and not the digits within an id.
var numberLike = regexp.MustCompile(`\+[0-9]{5,}|\b[0-9]{7,}\b`)

// masked leaves phone numbers out of a text.
func masked(text string) string { return numberLike.ReplaceAllString(text, "[number]") }
