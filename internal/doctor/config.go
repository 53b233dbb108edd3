package doctor

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/store"
)

// Config is the installation to look at, as it is configured.
type Config struct {
	// Only names groups or checks; empty means all.
	Only []string
	// Faults are those of the configuration, a line for each that begins with the variable: what depends on it is skipped.
	Faults []string
	// Clean takes secrets and phone numbers out of a text; nil leaves it.
	Clean func(text string) string

	DatabaseURL, RedisURL string
	// Store, if set, is the open database, which stays open; without it DATABASE_URL is opened.
	Store *store.Store

	// AccountSid and Tokens, the primary one first, are Twilio's; AccountTokens are those of subaccounts.
	AccountSid    string
	Tokens        []string
	AccountTokens map[string][]string
	// PhoneNumber is the caller id. Callee is a number that shall be called, for the geographic permissions; "" looks at those of
	// the caller id's own country.
	PhoneNumber, Callee string
	// CallerIDs are further caller ids.
	CallerIDs []string
	// APIURL is Twilio's, "" for the default one.
	APIURL string

	// BaseURL is the public URL.
	BaseURL string

	// Models is nil when there is none.
	Models *openai.Config

	// Retention is how long payloads are kept, DedupRetention event ids; 0 is not known.
	Retention, DedupRetention time.Duration

	// InngestURL is the API of Inngest, "" on River; InngestServeURL is where it calls the functions.
	InngestURL, InngestServeURL string
	// MetricsURL is where the server on this machine shows its metrics.
	MetricsURL string

	UserAgent string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Transport carries the requests to the public URL; nil means the usual one. For tests.
	Transport http.RoundTripper
}

func (c Config) withDefaults() Config {
	if c.Clean == nil {
		c.Clean = func(text string) string { return text }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func (d *doctor) configurationChecks() []check {
	return []check{{name: "configuration.settings", lookedAt: "flags and environment", run: func(context.Context) outcome {
		if len(d.Faults) == 0 {
			return ok("every setting can be read")
		}
		return fail("set each as it says", "%s", strings.Join(d.Faults, "; "))
	}}, {name: "configuration.tokens", lookedAt: "form of the auth tokens", needs: []string{"TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY"}, run: d.checkForm}}
}

// authToken is the form of all auth tokens that Twilio shows. It is not promised, so another one is no fault.
var authToken = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

func (d *doctor) checkForm(context.Context) outcome {
	for n, token := range d.Tokens {
		if !authToken.MatchString(token) {
			return warn("copy it again from Twilio's console", "%s is not 32 hexadecimal digits, as Twilio's auth tokens are", tokenNames[min(n, 1)])
		}
	}
	if len(d.Tokens) == 2 && d.Tokens[0] == d.Tokens[1] {
		return warn("remove TWILIO_AUTH_TOKEN_SECONDARY", "both tokens are the same")
	}
	return ok("32 hexadecimal digits")
}
