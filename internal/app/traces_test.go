package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/signature"
)

// A collector of traces, when the environment names one, gets a span for each verified webhook and for each attempt of a run.
func TestWebhooksAndAttemptsAreTraced(t *testing.T) {
	var mu sync.Mutex
	var sent strings.Builder
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.Copy(&sent, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(collector.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", collector.URL+"/v1/traces")

	t.Run("serving", func(t *testing.T) { // what is left is sent when it ends
		c := complete()
		c.DatabaseURL, c.AdminToken = "sqlite:"+testdb.SQLite(t), adminToken
		app := serve(t, c)
		webhook := func(token string) {
			const target = "/api/webhooks/twilio/status?callId=unknown"
			form := url.Values{"CallSid": {"CA00000000000000000000000000000001"}, "CallStatus": {"ringing"}, "AccountSid": {c.AccountSid}}
			r, err := http.NewRequestWithContext(t.Context(), "POST", app+target, strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("X-Twilio-Signature", signature.Sign(token, c.URL+target, form))
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
		}
		webhook("forged")
		webhook(c.AuthToken)
		campaign := post(t, app+"/api/campaigns", `{"name":"n","status":"ACTIVE","identity":{"organisation":"Shelf Research","callbackNumber":"+15550009999","purpose":"prices on the shelf"},"callingHours":[{"days":"mon-sun","from":"00:00","to":"24:00"}]}`)
		post(t, app+"/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551234567"]}`)
		askUntil(t, app+"/console/jobs/api/jobs?state=scheduled&limit=20", "orchestrate-call")
	})

	mu.Lock()
	defer mu.Unlock()
	got := sent.String()
	if n := strings.Count(got, "webhook status"); n != 1 || !strings.Contains(got, "refused") {
		t.Errorf("%d spans of the webhook that Twilio signed", n)
	}
	if !strings.Contains(got, "run orchestrate-call") || strings.Contains(got, "1555123") {
		t.Errorf("spans of runs: %q", got)
	}
}
