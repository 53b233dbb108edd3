package app

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// complete is a configuration without fault.
func complete() Config {
	return Config{
		AuthToken: "0123456789abcdef0123456789abcdef", AdminToken: adminToken, URL: "https://calls.example.com", DatabaseURL: "sqlite:x.db", Host: "127.0.0.1", Port: "0",
		JobsEngine: "river", DialsPerMinute: "10", LogFormat: "text", LogLevel: "info",
	}
}

func TestWrongEngineSettingsAreFoundAtTheStart(t *testing.T) {
	const key = "signkey-prod-0123456789abcdef0123456789abcdef"
	for _, tc := range []struct {
		name   string
		change func(c *Config)
		want   []string // variables with a fault
	}{
		{"river", func(c *Config) { c.InngestSigningKey = "nonsense" }, nil},
		{"another", func(c *Config) { c.JobsEngine = "kafka" }, []string{"JOBS_ENGINE"}},
		{"no keys", func(c *Config) { c.JobsEngine = "inngest" }, []string{"INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"}},
		{"keys", func(c *Config) { c.JobsEngine, c.InngestEventKey, c.InngestSigningKey = "inngest", "k", key }, nil},
		{"bare signing key", func(c *Config) {
			c.JobsEngine, c.InngestEventKey, c.InngestSigningKey = "inngest", "k", "0123456789abcdef0123456789abcdef"
		}, nil},
		{"broken keys", func(c *Config) {
			c.JobsEngine, c.InngestEventKey, c.InngestSigningKey = "inngest", "a b", "signkey-prod-xyz"
		}, []string{"INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"}},
		{"broken URL", func(c *Config) {
			c.JobsEngine, c.InngestEventKey, c.InngestSigningKey, c.InngestBaseURL = "inngest", "k", key, "localhost:8288"
		}, []string{"INNGEST_BASE_URL"}},
		{"functions elsewhere", func(c *Config) {
			c.JobsEngine, c.InngestEventKey, c.InngestSigningKey, c.InngestServeHost = "inngest", "k", key, "iagent.internal:3000"
		}, []string{"INNGEST_SERVE_HOST"}},
		{"development", func(c *Config) { c.JobsEngine, c.InngestDev = "inngest", "1" }, nil},
		{"development elsewhere", func(c *Config) { c.JobsEngine, c.InngestDev = "inngest", "http://127.0.0.1:9000" }, nil},
		{"development off", func(c *Config) { c.JobsEngine, c.InngestDev = "inngest", "0" }, []string{"INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"}},
		{"development nonsense", func(c *Config) { c.JobsEngine, c.InngestDev = "inngest", "maybe" },
			[]string{"INNGEST_DEV", "INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := complete()
			tc.change(&c)
			var got []string
			var faults *ConfigError
			if err := c.Check(); errors.As(err, &faults) {
				for _, line := range faults.Faults {
					variable, cure, _ := strings.Cut(line, ": ")
					got = append(got, variable)
					for _, secret := range []string{c.InngestEventKey, c.InngestSigningKey} {
						if len(secret) > 2 && strings.Contains(cure, secret) {
							t.Errorf("a fault shows a key: %s", line)
						}
					}
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("faults %v, want %v", got, tc.want)
			}
		})
	}
}

func TestInngestIsToldWhereTheFunctionsAre(t *testing.T) {
	for _, tc := range []struct{ app, host, dev, port, want string }{
		{"https://calls.example.com", "", "", "3000", "https://calls.example.com/api/inngest"},
		{"https://calls.example.com/voice/", "", "", "3000", "https://calls.example.com/voice/api/inngest"},
		{"https://calls.example.com", "http://iagent.internal:3000/", "", "3000", "http://iagent.internal:3000/api/inngest"},
		// A development server is answered on this machine only.
		{"https://calls.example.com", "", "1", "3000", "http://127.0.0.1:3000/api/inngest"},
		{"https://calls.example.com", "http://localhost:4000", "1", "3000", "http://localhost:4000/api/inngest"},
	} {
		c := complete()
		c.JobsEngine, c.InngestEventKey, c.InngestSigningKey = "inngest", "k", "0123456789abcdef"
		c.URL, c.InngestServeHost, c.InngestDev, c.Port = tc.app, tc.host, tc.dev, tc.port
		s, err := c.settings()
		if err != nil {
			t.Fatal(err)
		}
		if got := s.inngest.ServeURL; got != tc.want {
			t.Errorf("%+v: %s", tc, got)
		}
	}
}
