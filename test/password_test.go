package test_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testdb"
)

// TestPasswordOfTheDatabaseIsShownNowhere runs every command that opens the database, and the server, with a DATABASE_URL that has a
// password: where nobody listens, where the host or the URL is wrong, where the password is, and where all is well.
func TestPasswordOfTheDatabaseIsShownNowhere(t *testing.T) {
	t.Parallel()
	const secret = "s3cret-pass-word"
	databaseURL := testdb.Postgres(t)
	there, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	refused := *there
	refused.User = url.UserPassword(there.User.Username(), secret)
	commands := [][]string{{"serve"}, {"doctor", "--only", "configuration,database"}, {"migrate", "status"}, {"stats"}, {"reconcile"}, {"backup", "file"}}
	for name, wrong := range map[string]string{
		"nobody listens":     "postgres://iagent:" + secret + "@127.0.0.1:1/iagent",
		"wrong password":     refused.String(),
		"a port of letters":  "postgres://iagent:" + secret + "@127.0.0.1:port/iagent",
		"a space in it":      "postgres://iagent:" + secret + "@127.0.0.1:1/i agent",
		"an unknown setting": "postgres://iagent:" + secret + "@127.0.0.1:1/iagent?sslmode=perhaps",
		"another scheme":     "mysql://iagent:" + secret + "@127.0.0.1:1/iagent",
		"no scheme":          "iagent:" + secret + "@127.0.0.1:1/iagent",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			commands := commands
			if !strings.HasPrefix(wrong, "postgres://") {
				commands = commands[:2]
			}
			for _, command := range commands {
				got := e2etest.Run(t, e2etest.DefaultSettings(wrong), command...)
				if got.Exit == 0 && command[0] != "backup" {
					t.Errorf("iagent %q works", command)
				}
				if strings.Contains(got.Stdout+got.Stderr, secret) {
					t.Errorf("iagent %q shows the password: %s", command, around(got.Stdout+got.Stderr, secret))
				}
			}
		})
	}
	t.Run("all is well", func(t *testing.T) {
		t.Parallel()
		password, _ := there.User.Password()
		if len(password) < 8 {
			t.Fatal("the database has no password to look for")
		}
		settings := e2etest.DefaultSettings(databaseURL).With("LOG_LEVEL", "debug")
		server := e2etest.Serve(t, settings)
		response, err := http.Get(server.URL() + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		looked := e2etest.Run(t, settings, "doctor", "--json", "--only", "configuration,database")
		server.Term()
		server.Ended()
		for where, text := range map[string]string{"metrics": string(metrics), "doctor": looked.Stdout + looked.Stderr, "log": server.Log()} {
			if strings.Contains(text, password) {
				t.Errorf("%s: %s", where, around(text, password))
			}
		}
	})
}
