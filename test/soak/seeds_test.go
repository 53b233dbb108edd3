package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/simulator"
)

// seeds is how many runs of luck are tried: SOAK_SEEDS, which is a hundred in CI, or twelve. Under the race detector, which
// slows SQLite down some tenfold because it is Go code in this process, four must do.
func seeds(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("SOAK_SEEDS")
	if text == "" && e2etest.Race {
		return 4
	}
	if text == "" {
		return 12
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		t.Fatalf("SOAK_SEEDS is %q: give a number from 1", text)
	}
	return n
}

// TestSeedOfARoughTwilioBreaksAPromise calls twenty people with each seed, through a Twilio of the profile rough. Every
// tenth seed is on PostgreSQL. It has the machine to itself: this Twilio waits no longer than the real one, and what is
// too slow for it fails. That is why the race detector, which has races to find and no time to judge, gets five people at
// once and one seed after the other.
func TestSeedOfARoughTwilioBreaksAPromise(t *testing.T) {
	for seed := uint64(1); seed <= seeds(t); seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			if !e2etest.Race {
				t.Parallel()
			}
			databaseURL := "" // SQLite in a temporary folder
			if seed%10 == 0 {
				databaseURL = testdb.Postgres(t)
			}
			keepsItsPromises(t, seed, databaseURL)
		})
	}
}

func keepsItsPromises(t *testing.T, seed uint64, databaseURL string) {
	t.Helper()
	faults, err := simulator.ParseProfile("rough")
	if err != nil {
		t.Fatal(err)
	}
	// Those are asked for again after many seconds; turning them off moves no other fault.
	faults.MediaLate, faults.RESTBusy = 0, 0
	calls := 20
	if e2etest.Race {
		calls = 5
	}
	var out bytes.Buffer
	err = demo.Run(t.Context(), demo.Options{
		Out: &out, Calls: calls, Seed: seed, DatabaseURL: databaseURL, Faults: &faults, Within: 10 * time.Minute,
	})
	if err == nil {
		return
	}
	var broken *demo.BrokenError
	if errors.As(err, &broken) {
		err = errors.New(strings.Join(broken.Violations, "\n"))
	}
	again := fmt.Sprintf("go run ./cmd/iagent demo --profile rough --fault media-late=0 --fault rest-429=0 --calls %d --seed %d", calls, seed)
	if databaseURL != "" {
		again += " (on PostgreSQL)"
	}
	t.Errorf("seed %d breaks a promise; again: %s\n%v\n%s", seed, again, err, out.String())
}
