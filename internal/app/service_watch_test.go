package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/testdb"
)

// TestServiceThatIsAwayIsOnePairOfLines asks Twilio and a model server that answer 503 for half an hour, by the program's clock: the
// log has two lines of each, with the time between. One failure alone is none.
func TestServiceThatIsAwayIsOnePairOfLines(t *testing.T) {
	var status, minutes atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) }))
	t.Cleanup(service.Close)
	c, log := complete(), &e2e.LogBuffer{}
	c.AccountSid, c.PhoneNumber = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "+15550000000"
	c.DatabaseURL, c.AdminToken, c.APIURL, c.OpenAIBaseURL = "sqlite:"+testdb.SQLite(t), adminToken, service.URL, service.URL+"/v1"
	start := time.Now()
	a, err := Open(t.Context(), c, Options{Log: slog.New(slog.NewTextHandler(log, nil)),
		Now: func() time.Time { return start.Add(time.Duration(minutes.Load()) * time.Minute) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	twilio, err := a.twilioClient()
	if err != nil {
		t.Fatal(err)
	}
	models, err := a.openaiClient()
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range []int64{503, 404, 503, 501, 503, 502, 503, 503, 503, 404, 401, 200} {
		status.Store(answer)
		_, _ = twilio.FetchAccount(t.Context())
		_, _ = models.Complete(t.Context(), "system", "user", openai.Schema{Name: "answer", Value: map[string]any{"type": "object", "properties": map[string]any{}}})
		minutes.Add(6)
	}
	for _, of := range []string{"Twilio", "model server"} {
		lost := regexp.MustCompile(`level=ERROR msg="`+of+` lost" error="50[23] `).FindAllString(log.String(), -1)
		back := regexp.MustCompile(`level=INFO msg="`+of+` is back" after=30m0s`).FindAllString(log.String(), -1)
		if len(lost) != 1 || len(back) != 1 {
			t.Errorf("%s was lost %d times and came back %d times:\n%s", of, len(lost), len(back), log)
		}
	}
}
