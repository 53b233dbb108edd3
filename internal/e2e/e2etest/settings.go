package e2etest

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// The installation that the tests run.
const (
	Account     = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	Token       = "0123456789abcdef0123456789abcdef"
	Secondary   = "fedcba9876543210fedcba9876543210"
	Number      = "+15550000000"
	AdminToken  = "an-admin-token-of-the-tests"
	ModelsToken = "a-models-token-of-the-tests"
	PublicURL   = e2e.PublicURL
)

// Settings are environment variables by name.
type Settings map[string]string

// DefaultSettings are settings with which everything works but the outside world: there is no Twilio and no model.
func DefaultSettings(databaseURL string) Settings {
	return Settings{
		"TWILIO_AUTH_TOKEN": Token, "TWILIO_AUTH_TOKEN_SECONDARY": Secondary, "TWILIO_ACCOUNT_SID": Account,
		"TWILIO_PHONE_NUMBER": Number, "TWILIO_API_URL": "http://127.0.0.1:1", "APP_URL": PublicURL,
		"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_API_KEY": ModelsToken,
		"DATABASE_URL": databaseURL, "ADMIN_TOKEN": AdminToken, "HOST": "127.0.0.1", "PORT": "0",
		"DIALS_PER_MINUTE": "10000", "LOG_FORMAT": "json", "LOG_LEVEL": "info",
	}
}

// With returns the settings with some of them changed: name, value, name, value.
func (s Settings) With(pairs ...string) Settings {
	s = maps.Clone(s)
	for i := 0; i+1 < len(pairs); i += 2 {
		s[pairs[i]] = pairs[i+1]
	}
	return s
}

// Without returns the settings without some of them.
func (s Settings) Without(names ...string) Settings {
	s = maps.Clone(s)
	for _, name := range names {
		delete(s, name)
	}
	return s
}

// Environ is the whole environment of a process with these settings.
func (s Settings) Environ() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		env = append(env, name+"="+s[name])
	}
	return env
}

// EachDatabaseAndEngine runs a test on both databases with both engines, at the same time. The settings are [DefaultSettings],
// with a new database.
func EachDatabaseAndEngine(t *testing.T, test func(t *testing.T, settings Settings)) {
	t.Helper()
	for _, engine := range []string{"river", "inngest"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			EachDatabase(t, func(t *testing.T, databaseURL string) {
				test(t, DefaultSettings(databaseURL).With("JOBS_ENGINE", engine))
			})
		})
	}
}

// EachDatabase runs a test on a new SQLite file and on a new Postgres database, at the same time. Both are migrated.
func EachDatabase(t *testing.T, test func(t *testing.T, databaseURL string)) {
	t.Helper()
	storetest.EachAtOnce(t, test)
}
