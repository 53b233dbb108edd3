package main

import (
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testserver/inngest"
	"github.com/i-agent/iagent/simulator"
)

func TestMain(m *testing.M) { e2etest.Main(m) }

// brief is the short form of `make soak`: what is asked for again after many seconds is left out. Other tests run beside it.
func brief(t *testing.T, s Scenario) Scenario {
	t.Helper()
	faults := map[simulator.Fault]float64{simulator.FaultMediaLate: 0, simulator.FaultRESTBusy: 0}
	for fault, rate := range s.Faults {
		faults[fault] = rate
	}
	s.Name, s.Profile, s.Seed, s.Faults, s.Within, s.Busy = "brief", "rough", 1, faults, 10*time.Minute, true
	s.Binary, s.Judge = e2etest.Binary(t), e2etest.Binary(t)
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

// TestKilledServerLosesNoCall kills the real server with SIGKILL at three moments while sixty people are called, on both databases
// and both engines, and starts it again: the webhooks that it missed are sent again as its URLs ask, its functions run again,
// and in the end every call is as it was in truth. A longer run is `go run ./test/soak -scenario kills-sqlite -engine both`.
func TestKilledServerLosesNoCall(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabaseAndEngine(t, func(t *testing.T, settings e2etest.Settings) {
		database, _, _ := strings.Cut(settings["DATABASE_URL"], ":")
		s := brief(t, Scenario{Database: database, Engine: settings["JOBS_ENGINE"], Calls: 60, Kills: 3})
		report := soaked(t, s)
		if report.Kills != s.Kills {
			t.Errorf("the server was killed %d times, not %d", report.Kills, s.Kills)
		}
		if report.Simulator.Retries == 0 {
			t.Error("no kill met a webhook: the test proves nothing")
		}
		if report.Inngest == nil {
			return
		}
		// One whose answer was lost with the server may still be about to be called again.
		if started := report.Inngest[inngest.Completed] + report.Inngest[inngest.Queued]; started < report.After.Counts.Runs {
			t.Errorf("%d runs in the ledger, on Inngest %v", report.After.Counts.Runs, report.Inngest)
		}
	})
}

// TestServerThatComesBackTooLateForTwilioLosesNoCall keeps the server away for longer than Twilio sends a webhook again: whoever
// asks Twilio about the calls that lack one has everything.
func TestServerThatComesBackTooLateForTwilioLosesNoCall(t *testing.T) {
	t.Parallel()
	report := soaked(t, brief(t, Scenario{Database: "sqlite", Calls: 40, Kills: 1, Away: 17 * time.Second}))
	if report.Unanswered == 0 {
		t.Error("every webhook was answered: the test proves nothing")
	}
}

// TestDatabaseOutageLosesNoCall stops PostgreSQL twice, as a crash would.
func TestDatabaseOutageLosesNoCall(t *testing.T) {
	t.Parallel()
	report := soaked(t, brief(t, Scenario{Database: "postgres", Calls: 40, Outages: 2}))
	if report.Outages != 2 {
		t.Errorf("the database was stopped %d times, not twice", report.Outages)
	}
}

// TestTwoServersCallNobodyTwice has two processes on one database, one of which is killed now and then.
func TestTwoServersCallNobodyTwice(t *testing.T) {
	t.Parallel()
	report := soaked(t, brief(t, Scenario{Database: "postgres", Calls: 60, Servers: 2, KillEvery: 2 * time.Second}))
	if report.Kills == 0 {
		t.Error("no server was killed")
	}
}

// TestDroppedCallbackIsFoundAndFetched drops callbacks for good. Nobody asks: verify finds what is missing. The reconciler asks:
// all of it is there.
func TestDroppedCallbackIsFoundAndFetched(t *testing.T) {
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
		if report := soaked(t, s); report.After.Counts.Reconciled == 0 {
			t.Error("the reconciler fetched nothing")
		}
	})
}
