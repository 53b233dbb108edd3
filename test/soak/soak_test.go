package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/testserver/inngest"
	"github.com/i-agent/iagent/simulator"
)

// sound builds the program as it is, once for all tests.
func sound(t *testing.T) string {
	t.Helper()
	built, err := builtOnce()
	if err != nil {
		t.Fatal(err)
	}
	return built.path
}

type binary struct {
	path string
	done func()
}

var builtOnce = sync.OnceValues(func() (b binary, err error) {
	ctx, cancel := contextOfBuild()
	defer cancel()
	b.path, b.done, err = build(ctx, "")
	return b, err
})

func TestMain(m *testing.M) {
	flag.Parse()
	// Runs wait for processes and timers most of the time.
	if err := flag.Set("test.parallel", strconv.Itoa(6)); err != nil {
		fmt.Fprintln(os.Stderr, "setting -parallel:", err)
	}
	code := m.Run()
	if b, err := builtOnce(); err == nil {
		b.done()
	}
	os.Exit(code)
}

// brief is the short form of `make soak`: what is asked for again after many seconds is left out.
func brief(t *testing.T, s Scenario) Scenario {
	t.Helper()
	faults := map[simulator.Fault]float64{simulator.FaultMediaLate: 0, simulator.FaultRESTBusy: 0}
	for fault, rate := range s.Faults {
		faults[fault] = rate
	}
	s.Name, s.Profile, s.Seed, s.Faults, s.Within = "brief", "rough", 1, faults, 10*time.Minute
	s.Binary, s.Judge = sound(t), sound(t)
	return s
}

func soaked(t *testing.T, s Scenario) *Report {
	t.Helper()
	report, err := Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	report.Print(t.Output())
	for rule, all := range report.Violations {
		t.Errorf("%s, %d times, such as: %s", rule, len(all), all[0])
	}
	return report
}

// TestKilledServerLosesACall kills the real server twice while sixty people are called, on both databases.
func TestKilledServerLosesACall(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			report := soaked(t, brief(t, Scenario{Database: database, Calls: 60, Kills: 2}))
			if report.Kills != 2 {
				t.Errorf("the server was killed %d times, not twice", report.Kills)
			}
		})
	}
}

// TestKilledServerLosesNoCallOnInngest kills the server once while an Inngest server calls its functions.
func TestKilledServerLosesNoCallOnInngest(t *testing.T) {
	t.Parallel()
	report := soaked(t, brief(t, Scenario{Database: "postgres", Engine: engineInngest, Calls: 30, Kills: 1}))
	if report.Kills != 1 {
		t.Errorf("the server was killed %d times, not once", report.Kills)
	}
	// One whose answer was lost with the server may still be about to be called again.
	if started := report.Inngest[inngest.Completed] + report.Inngest[inngest.Queued]; started < report.Ledger.Counts.Runs {
		t.Errorf("%d runs in the ledger, on Inngest %v", report.Ledger.Counts.Runs, report.Inngest)
	}
}

// TestDatabaseOutageLosesACall stops PostgreSQL twice, as a crash would.
func TestDatabaseOutageLosesACall(t *testing.T) {
	t.Parallel()
	report := soaked(t, brief(t, Scenario{Database: "postgres", Calls: 40, Outages: 2}))
	if report.Outages != 2 {
		t.Errorf("the database was stopped %d times, not twice", report.Outages)
	}
}

// TestTwoServersCallSomebodyTwice has two processes on one database, one of which is killed now and then.
func TestTwoServersCallSomebodyTwice(t *testing.T) {
	t.Parallel()
	report := soaked(t, brief(t, Scenario{Database: "postgres", Calls: 60, Servers: 2, KillEvery: 2 * time.Second}))
	if report.Kills == 0 {
		t.Error("no server was killed")
	}
}

// TestDroppedCallbackStaysLost drops callbacks for good. Nobody asks: verify finds what is missing. The reconciler asks:
// all of it is there.
func TestDroppedCallbackStaysLost(t *testing.T) {
	t.Parallel()
	dropping := Scenario{Database: "sqlite", Calls: 30, Faults: map[simulator.Fault]float64{simulator.FaultDrop: 0.05}}
	t.Run("found", func(t *testing.T) {
		t.Parallel()
		s := brief(t, dropping)
		s.Unrepaired = true
		soaked(t, s)
	})
	t.Run("repaired", func(t *testing.T) {
		t.Parallel()
		s := brief(t, dropping)
		s.Reconcile = true
		if report := soaked(t, s); report.Ledger.Counts.Reconciled == 0 {
			t.Error("the reconciler fetched nothing")
		}
	})
}
