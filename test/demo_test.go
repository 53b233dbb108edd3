package test_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/demo/demotest"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testserver/inngest"
)

// TestDemoNeedsLittleTime runs the demo as a visitor does. What it may take is processor time, for how long it waits depends on what
// else the machine does; that nothing of it waits for long is bounded by the demo's own minute.
func TestDemoNeedsLittleTime(t *testing.T) {
	got := e2etest.Run(t, e2etest.Settings{}, "demo")
	if got.Exit != 0 {
		t.Errorf("iagent demo ended with %d:\n%s%s", got.Exit, got.Stdout, got.Stderr)
	}
	if got.CPU > 20*time.Second {
		t.Errorf("iagent demo took %s of processor time", got.CPU)
	}
	t.Logf("%s\n%s", got.CPU, got.Stdout)
	for _, row := range []string{"webhooks sent", "duplicates", "transcripts", "lost ", "doubled "} {
		if !strings.Contains(got.Stdout, row) {
			t.Errorf("the closing table has no row %q:\n%s", row, got.Stdout)
		}
	}
	if strings.ContainsAny(got.Stdout, "\r\x1b") {
		t.Errorf("what is piped has control characters:\n%q", got.Stdout)
	}
}

// TestDemoKeepsItsPromisesWithEverySeed runs the demo's calls with ten seeds, each another run of luck, on both databases and both engines.
// Under the race detector, where SQLite is some ten times slower, two of few calls must do.
func TestDemoKeepsItsPromisesWithEverySeed(t *testing.T) {
	t.Parallel()
	seeds, calls := uint64(10), 20
	if e2etest.Race {
		seeds, calls = 2, 5
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			e2etest.EachDatabaseAndEngine(t, func(t *testing.T, settings e2etest.Settings) {
				var engine *inngest.Local
				configure := func(c *app.Config) {
					if settings["JOBS_ENGINE"] == "inngest" {
						engine = onInngest(t, c)
					}
				}
				options := demo.Options{DatabaseURL: settings["DATABASE_URL"], Seed: seed, Calls: calls, Configure: configure}
				demotest.KeepsItsPromises(t, options, "")
				if engine != nil && calls == 20 {
					ranOnInngest(t, engine.Runs())
				}
			})
		})
	}
}
