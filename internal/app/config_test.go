package app

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/testdb"
)

func TestMistypedWebhookURLIsNotFound(t *testing.T) {
	c := complete()
	c.DatabaseURL, c.AdminToken = "sqlite:"+testdb.SQLite(t), adminToken
	app := serve(t, c)
	for _, path := range []string{"/api/webhooks/twilio/voice/", "/api/webhooks/twilio/Voice", "/api/webhooks/v1/twilio/", "/api/webhooks/twilio/x?callId=1"} {
		response, err := http.Post(app+path, "application/x-www-form-urlencoded", strings.NewReader("CallSid=CA1"))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != 404 || response.Header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s: %s %v", path, response.Status, response.Header)
		}
	}
}

func TestPasswordsOfURLsAreSecrets(t *testing.T) {
	c := Config{
		URL: "https://user:app%40w@calls.example.com/base", APIURL: "https://u:rest-pw@h", DatabaseURL: "postgres://u:db-pw@h/d?password=query-pw",
		RedisURL: "redis://:redis-pw@h:1/0", OpenAIBaseURL: "https://u:model-pw@h/v1", InngestBaseURL: "https://u:inngest-pw@h",
		InngestFallbackKey: "signkey-prod-fallback",
	}
	secrets := c.Secrets()
	for _, want := range []string{"app%40w", "app@w", "rest-pw", "db-pw", "query-pw", "redis-pw", "model-pw", "inngest-pw", "signkey-prod-fallback"} {
		if !slices.Contains(secrets, want) {
			t.Errorf("%q is not taken out of the log", want)
		}
	}
	for text, want := range map[string][]string{
		"//u:p@h": {"p", "p"}, "https://u:p%40@h?x=a@b": {"p@", "p%40"}, "https://u:a@b@h#@": {"a@b", "a@b"}, "postgres://u:@h": nil,
	} {
		if got := (Config{RedisURL: text}).Secrets(); !slices.Equal(got, want) {
			t.Errorf("%s: secrets %q, not %q", text, got, want)
		}
	}
	for _, text := range []string{"https://calls.example.com/@x:y", "sqlite:iagent.db", "https://user@h", "://", "postgres://h/d?x=%zz"} {
		if got := (Config{URL: text}).Secrets(); len(got) > 0 {
			t.Errorf("%s: secrets %q", text, got)
		}
	}
}
