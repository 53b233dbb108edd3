package inprocess_test

import (
	"fmt"
	"testing"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/demo/demotest"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testserver/inngest"
)

func TestMain(m *testing.M) { e2etest.Main(m) }

// TestDemoKeepsItsPromisesWithEverySeed runs the demo's calls with up to ten of the seeds, each another run of luck, on both databases and both
// engines. Under the race detector, where SQLite is some ten times slower, few calls must do.
func TestDemoKeepsItsPromisesWithEverySeed(t *testing.T) {
	t.Parallel()
	calls := 20
	if e2etest.Race {
		calls = 5
	}
	for seed := range min(seeds(t), 10) {
		seed++
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
