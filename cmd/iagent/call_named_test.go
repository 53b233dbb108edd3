package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// Whoever is asked about a person has a number, and Twilio's debugger names a CallSid: neither is the id of a call.
func TestCallIsMeantByItsIDItsCallSidOrItsNumber(t *testing.T) {
	campaign := campaignOf(t)
	const once, twice, sid = "+15550000001", "+15550000002", "CA00000000000000000000000000000001"
	s, err := store.Open(t.Context(), os.Getenv("DATABASE_URL"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	calls := func(number string) []interview.Call {
		t.Helper()
		found, err := s.Calls(t.Context(), store.CallFilter{PhoneNumber: number}, store.Page{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return found.Items
	}
	if _, err := s.CancelCall(t.Context(), calls(twice)[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	again := store.NewCalls{CampaignID: campaign, PhoneNumbers: []string{twice}, AllowRepeat: true,
		Answer: func([]interview.Call) (store.Answer, error) { return store.Answer{}, nil }}
	if _, err := s.CreateCalls(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, s, `UPDATE calls SET twilio_sid = $1 WHERE id = $2`, sid, calls(once)[0].ID)

	for _, text := range []string{once, "+1 555 000 0001", sid, calls(once)[0].ID} {
		if id, err := callNamed(t.Context(), s, text, true); err != nil || id != calls(once)[0].ID {
			t.Errorf("%s is taken for %s, %v", text, id, err)
		}
	}
	for _, text := range []string{"", "01J00000000000000000000000"} {
		if id, err := callNamed(t.Context(), s, text, true); err != nil || id != text {
			t.Errorf("%s is taken for %s, %v", text, id, err)
		}
	}
	_, stderr, code := ran(t, "replay", "--runs", "--call", twice)
	if code != exitConfig || strings.Contains(stderr, twice) {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	for _, call := range calls(twice) {
		if !strings.Contains(stderr, call.ID+" "+call.CreatedAt.UTC().Format(time.RFC3339)+" "+string(call.Status)) {
			t.Errorf("%s is not named:\n%s", call.ID, stderr)
		}
	}
	for _, text := range []string{"+15550000009", "CA00000000000000000000000000000009"} {
		if _, stderr, code := ran(t, "replay", "--runs", "--call", text); code != exitConfig || !strings.Contains(stderr, "there is no call of") {
			t.Errorf("%s: exit code %d, %s", text, code, stderr)
		}
	}
}
