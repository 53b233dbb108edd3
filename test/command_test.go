package test_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// TestEveryWrongSettingIsNamed starts the server with settings that are missing or wrong: it says all of them at once, a
// line for each with the variable's name, and ends with 2.
func TestEveryWrongSettingIsNamed(t *testing.T) {
	t.Parallel()
	fine := e2etest.DefaultSettings("sqlite:" + filepath.Join(t.TempDir(), "iagent.db"))
	for name, test := range map[string]struct {
		settings e2etest.Settings
		faulty   []string
	}{
		"nothing is set":           {e2etest.Settings{}, []string{"TWILIO_AUTH_TOKEN", "APP_URL", "ADMIN_TOKEN"}},
		"no token":                 {fine.Without("TWILIO_AUTH_TOKEN"), []string{"TWILIO_AUTH_TOKEN"}},
		"token with a line break":  {fine.With("TWILIO_AUTH_TOKEN", e2etest.Token+"\n"), []string{"TWILIO_AUTH_TOKEN"}},
		"a quoted token":           {fine.With("TWILIO_AUTH_TOKEN", `"`+e2etest.Token+`"`), []string{"TWILIO_AUTH_TOKEN"}},
		"an API key for the token": {fine.With("TWILIO_AUTH_TOKEN", "SK"+e2etest.Token), []string{"TWILIO_AUTH_TOKEN"}},
		"a token that is cut off":  {fine.With("TWILIO_AUTH_TOKEN_SECONDARY", e2etest.Token[:9]), []string{"TWILIO_AUTH_TOKEN_SECONDARY"}},
		"an API key for a subaccount's token": {fine.With("TWILIO_ACCOUNT_TOKENS", "AC"+strings.Repeat("1", 32)+"=SK"+e2etest.Token),
			[]string{"TWILIO_ACCOUNT_TOKENS"}},
		"an API key for the account":   {fine.With("TWILIO_ACCOUNT_SID", "SK"+strings.Repeat("0", 32)), []string{"TWILIO_ACCOUNT_SID"}},
		"tokens of nobody":             {fine.With("TWILIO_ACCOUNT_TOKENS", "token"), []string{"TWILIO_ACCOUNT_TOKENS"}},
		"a number without its country": {fine.With("TWILIO_PHONE_NUMBER", "5550000"), []string{"TWILIO_PHONE_NUMBER"}},
		"no URL":                       {fine.Without("APP_URL"), []string{"APP_URL"}},
		"a URL without its scheme":     {fine.With("APP_URL", "calls.example.com"), []string{"APP_URL"}},
		"no port":                      {fine.With("PORT", "http"), []string{"PORT"}},
		"an unknown database":          {fine.With("DATABASE_URL", "mysql://localhost/iagent"), []string{"DATABASE_URL"}},
		"what is empty is not set": {
			fine.With("TWILIO_AUTH_TOKEN", "", "PORT", "", "HOST", "", "LOG_LEVEL", "", "LOG_FORMAT", "", "RETENTION", "", "JOBS_ENGINE", "",
				"DIALS_PER_MINUTE", "", "DATABASE_URL", "", "OVERDUE_AFTER", "", "APP_URL", "", "NEXT_PUBLIC_APP_URL", e2etest.PublicURL),
			[]string{"TWILIO_AUTH_TOKEN"},
		},
		"an account that is none":       {fine.With("TWILIO_ACCOUNT_SID", "ACfoo"), []string{"TWILIO_ACCOUNT_SID"}},
		"a subaccount that is none":     {fine.With("TWILIO_ACCOUNT_TOKENS", "ACfoo=token"), []string{"TWILIO_ACCOUNT_TOKENS"}},
		"reached by others, no token":   {fine.With("APP_URL", "https://calls.example.com").Without("ADMIN_TOKEN"), []string{"ADMIN_TOKEN"}},
		"open to the world, no token":   {fine.With("HOST", "0.0.0.0").Without("ADMIN_TOKEN"), []string{"ADMIN_TOKEN"}},
		"an unknown engine":             {fine.With("JOBS_ENGINE", "cron"), []string{"JOBS_ENGINE"}},
		"a delay without a unit":        {fine.With("SHUTDOWN_DELAY", "10"), []string{"SHUTDOWN_DELAY"}},
		"no version":                    {fine.With("WEBHOOK_VERSION", "2", "SHADOW_VERSION", "both"), []string{"WEBHOOK_VERSION", "SHADOW_VERSION"}},
		"retention for ever":            {fine.With("RETENTION", "for ever"), []string{"RETENTION"}},
		"late before it can be":         {fine.With("OVERDUE_AFTER", "1s"), []string{"OVERDUE_AFTER"}},
		"a models' server without http": {fine.With("OPENAI_BASE_URL", "localhost"), []string{"OPENAI_BASE_URL"}},
		"everything at once": {
			e2etest.Settings{"TWILIO_ACCOUNT_SID": "x", "TWILIO_API_URL": "x", "PORT": "-1", "HOST": "0.0.0.0",
				"DATABASE_URL": "x", "OPENAI_BASE_URL": "x", "REDIS_URL": "x", "RETENTION": "x", "LOG_LEVEL": "x", "TRUSTED_PROXIES": "x"},
			[]string{"TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID", "TWILIO_API_URL", "APP_URL", "PORT", "ADMIN_TOKEN", "DATABASE_URL",
				"OPENAI_BASE_URL", "REDIS_URL", "RETENTION", "LOG_LEVEL", "TRUSTED_PROXIES"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := e2etest.Run(t, test.settings, "serve")
			if got.Exit != 2 {
				t.Errorf("exit code %d, not 2", got.Exit)
			}
			lines := strings.Split(strings.TrimSpace(got.Stderr), "\n")
			if len(lines) != len(test.faulty) {
				t.Errorf("%d lines for %d faults:\n%s", len(lines), len(test.faulty), got.Stderr)
			}
			for _, variable := range test.faulty {
				if strings.Count(got.Stderr, variable+": ") != 1 {
					t.Errorf("%s is not named once:\n%s", variable, got.Stderr)
				}
			}
			if strings.Contains(got.Stderr+got.Stdout, e2etest.Token) {
				t.Errorf("a secret is shown:\n%s", got.Stderr)
			}
		})
	}
}

// TestCommandsEndWithTheirExitCodes holds the commands and their exit codes.
func TestCommandsEndWithTheirExitCodes(t *testing.T) {
	t.Parallel()
	version := e2etest.Run(t, e2etest.Settings{}, "version")
	if version.Exit != 0 || !strings.HasPrefix(version.Stdout, "iagent ") {
		t.Errorf("iagent version: %+v", version)
	}
	help := e2etest.Run(t, e2etest.Settings{}, "serve", "--help")
	if help.Exit != 0 {
		t.Errorf("iagent serve --help ended with %d", help.Exit)
	}
	for _, variable := range []string{"TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID", "APP_URL", "DATABASE_URL", "ADMIN_TOKEN", "PORT"} {
		if !strings.Contains(help.Stdout, variable) {
			t.Errorf("iagent serve --help does not list %s", variable)
		}
	}
	for _, args := range [][]string{{}, {"fly"}, {"serve", "--fly"}, {"migrate"}, {"migrate", "sideways"}, {"demo", "--calls", "0"},
		{"verify", "--database-url", "sqlite:nowhere.db"}, {"verify", "--since", "noon"}} {
		if got := e2etest.Run(t, e2etest.Settings{}, args...); got.Exit != 2 || got.Stderr == "" {
			t.Errorf("iagent %q ended with %d and says %q", args, got.Exit, got.Stderr)
		}
	}
}

// TestMigrationCanBeTakenBackAndAppliedAgain brings an empty database up, takes the newest step back and brings it up again.
func TestMigrationCanBeTakenBackAndAppliedAgain(t *testing.T) {
	t.Parallel()
	storetest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		settings := e2etest.Settings{"DATABASE_URL": databaseURL}
		migrate := func(direction string) (applied, pending int) {
			t.Helper()
			got := e2etest.Run(t, settings, "migrate", direction)
			if got.Exit != 0 {
				t.Fatalf("iagent migrate %s ended with %d: %s", direction, got.Exit, got.Stderr)
			}
			for line := range strings.Lines(got.Stdout) {
				switch strings.Fields(line)[0] {
				case "applied":
					applied++
				case "pending":
					pending++
				default:
					t.Errorf("iagent migrate %s says %q", direction, line)
				}
			}
			return applied, pending
		}
		if applied, pending := migrate("status"); applied != 0 || pending == 0 {
			t.Fatalf("an empty database has %d steps applied, %d pending", applied, pending)
		}
		all, pending := migrate("up")
		if all == 0 || pending != 0 {
			t.Fatalf("after up, %d steps are applied, %d pending", all, pending)
		}
		if applied, pending := migrate("down"); applied+pending != all || pending == 0 {
			t.Errorf("after down, %d steps are applied, %d pending", applied, pending)
		}
		if again, pending := migrate("up"); again != all || pending != 0 {
			t.Errorf("after up again, %d steps are applied, %d pending", again, pending)
		}
		server := e2etest.NewTwilio(t).Serve(t, e2etest.DefaultSettings(databaseURL))
		server.AwaitCall(t, server.Place(t, "+15550001000")[0].ID, e2etest.HasStatus("DIALING"))
	})
}
