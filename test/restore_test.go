package test_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/testserver"
	"github.com/i-agent/iagent/simulator"
)

// TestRestoredInstallationCallsNobodyTwice backs up the database of a server that wants to dial, with the means of each database, and restores it
// elsewhere after more calls were made. iagent reconcile learns from Twilio what the copy has forgotten; then the server goes
// on: whoever was called is not called again, and others are.
func TestRestoredInstallationCallsNobodyTwice(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		const forgotten = "+15550080001"
		settings := e2etest.DefaultSettings(databaseURL).With("RECONCILE_EVERY", "1s")
		twilio := e2etest.NewSimulation(t, simulator.Config{Seed: 11, Model: e2etest.OneClaim, Speed: 400,
			Pick: simulator.MixedPeople(simulator.Answer{Say: "It costs 2 dollars and 49 cents."}).Pick(11)})
		server := twilio.Serve(t, settings)
		// Of the calls that the backup knows some are over, and the others wait: Twilio has too much to do.
		const over, waiting = 4, 3
		placed := server.Place(t, numbers(over)...)
		twilio.AwaitSettled(t, server.API, "validate-claim")
		accept := twilio.Refuse(e2etest.Dial, http.StatusTooManyRequests)
		queued := server.Place(t, numbers(over + waiting)[over:]...)
		copied, asked := "", -1
		for asked != twilio.Requests()[e2etest.Dial] { // else one of them was just being dialled
			for _, call := range queued {
				server.AwaitCall(t, call.ID, func(c e2e.Call) error {
					if happened := c.Happened(); happened["dial.postponed"] == 0 || happened["dial.postponed"] != happened["dial.intent"] {
						return fmt.Errorf("the call is being dialled: %v", happened)
					}
					return nil
				})
			}
			asked = twilio.Requests()[e2etest.Dial]
			copied = backUp(t, settings)
		}
		accept()
		late := server.Place(t, forgotten)
		twilio.AwaitSettled(t, server.API, "validate-claim")
		server.Term()
		server.Ended()

		elsewhere := twilio.Settings(settings.With("DATABASE_URL", restoreElsewhere(t, settings, copied)))
		told := e2etest.Run(t, elsewhere, "reconcile")
		if told.Exit != 0 || !strings.Contains(told.Stdout, "3 count as queued here and are taken in, 1 are not here at all") ||
			!strings.Contains(told.Stdout, "nobody is called yet") {
			t.Fatalf("iagent reconcile ended with %d:\n%s%s", told.Exit, told.Stdout, told.Stderr)
		}
		timeHasGoneBySinceTheRestore(t, elsewhere["DATABASE_URL"])

		restored := twilio.Serve(t, elsewhere)
		e2etest.Eventually(t, func() error {
			if !strings.Contains(restored.Log(), "Twilio's calls since the backup are known, and dialling goes on") {
				return errors.New("nobody is called yet")
			}
			return nil
		})
		twilio.AwaitSettled(t, restored.API, "validate-claim")
		status, err := restored.Client.Do(t.Context(), http.MethodGet, "/api/calls/"+late[0].ID, "", nil, nil)
		if status != http.StatusNotFound {
			t.Errorf("a call that was created after the backup: %d, %v", status, err)
		}
		campaign, err := restored.CreateCampaign(t.Context(), "", e2etest.Campaign)
		if err != nil {
			t.Fatal(err)
		}
		again, err := restored.Client.Do(t.Context(), http.MethodPost, "/api/campaigns/"+campaign+"/calls", "",
			json.RawMessage(`{"phoneNumbers":["`+forgotten+`"]}`), nil)
		if again != http.StatusUnprocessableEntity {
			t.Errorf("a number that was called after the backup is called again: %d, %v", again, err)
		}
		fresh, err := restored.Client.Place(t.Context(), campaign, "", []string{"+15550080002"})
		if err != nil {
			t.Fatal(err)
		}
		twilio.AwaitSettled(t, restored.API, "validate-claim")
		for _, call := range slices.Concat(placed, queued, fresh) {
			now, truth := restored.Call(t, call.ID), truthOf(t, twilio, call.PhoneNumber)
			if ended := strings.ToLower(strings.ReplaceAll(now.Status, "_", "-")); ended != truth.Status || now.TwilioSid != truth.CallSid {
				t.Errorf("call %s is %s at Twilio's %q, and Twilio says %s of %s", call.ID, now.Status, now.TwilioSid, truth.Status, truth.CallSid)
			}
		}
		if rang := len(twilio.Truths()); rang != over+waiting+2 {
			t.Errorf("%d calls were made to %d numbers", rang, over+waiting+2)
		}
		e2etest.Verified(t, elsewhere)
	})
}

// backUp copies the database of a running server, and returns the file.
func backUp(t *testing.T, settings e2etest.Settings) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "backup")
	got := e2etest.Run(t, settings, "backup", file)
	if _, isSQLite := store.SQLitePath(settings["DATABASE_URL"]); isSQLite {
		if got.Exit != 0 {
			t.Fatalf("iagent backup ended with %d:\n%s%s", got.Exit, got.Stdout, got.Stderr)
		}
		return file
	}
	if got.Exit != 2 || !strings.Contains(got.Stderr, "pg_dump --format=custom --no-owner --file=") {
		t.Fatalf("iagent backup ended with %d:\n%s%s", got.Exit, got.Stdout, got.Stderr)
	}
	postgres(t, "pg_dump", "--format=custom", "--no-owner", "--file="+file, settings["DATABASE_URL"])
	return file
}

// restoreElsewhere makes another database of a copy, and returns its URL.
func restoreElsewhere(t *testing.T, settings e2etest.Settings, file string) (databaseURL string) {
	t.Helper()
	args := []string{"restore", file}
	if _, isSQLite := store.SQLitePath(settings["DATABASE_URL"]); isSQLite {
		databaseURL = "sqlite:" + testdb.SQLite(t)
	} else {
		databaseURL, args = testdb.Postgres(t), []string{"restore", "--mark"}
		postgres(t, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname="+databaseURL, file)
	}
	if got := e2etest.Run(t, settings.With("DATABASE_URL", databaseURL), args...); got.Exit != 0 {
		t.Fatalf("iagent restore ended with %d:\n%s%s", got.Exit, got.Stdout, got.Stderr)
	}
	return databaseURL
}

func postgres(t *testing.T, program string, args ...string) {
	t.Helper()
	path, err := testserver.PostgresProgram(program)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// timeHasGoneBySinceTheRestore has the database believe that it was restored an hour ago: Twilio's list of calls then no longer
// counts as one that may be behind, which takes two minutes.
func timeHasGoneBySinceTheRestore(t *testing.T, databaseURL string) {
	t.Helper()
	s, err := store.Open(t.Context(), databaseURL, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	statement := `UPDATE restores SET at = at - interval '1 hour'`
	if s.Postgres() == nil {
		statement = `UPDATE restores SET at = strftime('%Y-%m-%d %H:%M:%f+00:00', at, '-1 hour')`
	}
	outside{t, s}.exec(statement)
}

// truthOf is what became of the only call to a number.
func truthOf(t *testing.T, twilio *e2etest.Simulation, number string) (only simulator.Truth) {
	t.Helper()
	for _, truth := range twilio.Truths() {
		if truth.To != number {
			continue
		}
		if only.CallSid != "" {
			t.Errorf("a number was called twice: %s and %s", only.CallSid, truth.CallSid)
		}
		only = truth
	}
	if only.CallSid == "" {
		t.Error("a number was never called")
	}
	return only
}
