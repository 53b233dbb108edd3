package inprocess_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/demo/demotest"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/simulator"
)

// seeds is how many runs of luck are tried: SOAK_SEEDS, which is three in .ci/run and a hundred in .ci/long, or one.
func seeds(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("SOAK_SEEDS")
	if text == "" {
		return 1
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		t.Fatalf("SOAK_SEEDS is %q: give a number from 1", text)
	}
	return n
}

// TestSeedsOfARoughTwilioBreakNoPromise calls twenty people with each seed, through a Twilio of the profile rough. The
// first of ten is on PostgreSQL. The race detector, which has races to find and no time to judge, gets five people.
func TestSeedsOfARoughTwilioBreakNoPromise(t *testing.T) {
	for seed := uint64(1); seed <= seeds(t); seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			faults, err := simulator.ParseProfile("rough")
			if err != nil {
				t.Fatal(err)
			}
			// Those are asked for again after many seconds; turning them off moves no other fault.
			faults.MediaLate, faults.RESTBusy = 0, 0
			options := demo.Options{Calls: 20, Seed: seed, Faults: &faults}
			if e2etest.Race {
				options.Calls = 5
			}
			if seed%10 == 1 {
				options.DatabaseURL = testdb.Postgres(t)
			}
			demotest.KeepsItsPromises(t, options, "--profile rough --fault media-late=0 --fault rest-429=0")
		})
	}
}
