package interview_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

func TestAuditTextsHaveNoPhoneNumber(t *testing.T) {
	for text, want := range map[string]string{
		"asked by +15551234567 today":         "asked by *** today",
		"asked by +1 (555) 123-4567":          "asked by ***",
		"555-123-4567 and (555) 123-4567":     "*** and ***",
		"tel:5551234567":                      "tel:***",
		"ticket 4711, 2026-11-26T10:00:00Z":   "ticket 4711, 2026-11-26T10:00:00Z",
		"CA00000000000000000000000000000001":  "CA00000000000000000000000000000001",
		"run 01KB0000000000000000000000 of 5": "run 01KB0000000000000000000000 of 5",
		"+4930123456, +442071838750":          "***, ***",
	} {
		if got := interview.WithoutPhoneNumbers(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestActionWithoutANameIsOfTheAPI(t *testing.T) {
	ctx := t.Context()
	if got := interview.ActorOf(interview.WithActor(ctx, "")); got != "api" {
		t.Errorf("actor %q, want api", got)
	}
	if got := interview.ActorOf(interview.WithActor(ctx, "cli:ann")); got != "cli:ann" {
		t.Errorf("actor %q, want cli:ann", got)
	}
}
