package api

import (
	"net/url"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

func TestFiltersAreReadInEveryUsualSpelling(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"phoneNumber=%2B15551234567": "+15551234567", "phoneNumber=+15551234567": "+15551234567", "phoneNumber=15551234567": "+15551234567", "": "",
	} {
		query, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := queryPhoneNumber(query, "phoneNumber"); got != want || err != nil {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]time.Time{
		"24h": now.Add(-24 * time.Hour), "2026-11-25": time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC),
		"2026-11-25T10:00:00 01:00": time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), "2026-11-25T10:00:00.5Z": time.Date(2026, 11, 25, 10, 0, 0, 5e8, time.UTC),
	} {
		if got, err := interview.ParseMoment(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}
