package twilio

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestClockDifferenceToTwilioIsReported(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	var ahead time.Duration
	client, err := New(Config{
		AccountSid: "AC00000000000000000000000000000000", AuthToken: "token", APIURL: server.URL,
		OnClock: func(d time.Duration) { ahead = d },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.FetchCall(t.Context(), "CA00000000000000000000000000000000"); err == nil {
		t.Fatal("found")
	}
	if ahead < time.Minute || ahead > 2*time.Minute {
		t.Errorf("our clock is %s ahead", ahead)
	}
}
