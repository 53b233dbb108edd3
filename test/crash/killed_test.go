package crash_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/i-agent/iagent/simulator"
	"github.com/i-agent/iagent/test/program"
)

// trial is a run with crashes. All of it comes from its seed, but for where exactly a kill finds the process.
type trial struct {
	seed         uint64
	calls, kills int
}

// theTrial reads the environment; without it, a short one.
func theTrial(t *testing.T) trial {
	t.Helper()
	read := func(name string, or int) int {
		text := os.Getenv(name)
		if text == "" {
			return or
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			t.Fatalf("%s=%q is no number", name, text)
		}
		return n
	}
	return trial{seed: uint64(read("CRASH_SEED", 1)), calls: read("CRASH_CALLS", 60), kills: read("CRASH_KILLS", 5)}
}

// TestKilledServerLosesOrDoubles kills the server with SIGKILL while people are being called, and starts it again: the
// webhooks that it missed are sent again as its URLs ask, its functions run again, and in the end every call is as it
// was in truth.
func TestKilledServerLosesOrDoubles(t *testing.T) {
	t.Parallel()
	program.Everywhere(t, func(t *testing.T, settings program.Settings) { theTrial(t).run(t, settings) })
}

func (tr trial) run(t *testing.T, settings program.Settings) {
	t.Logf("CRASH_SEED=%d CRASH_CALLS=%d CRASH_KILLS=%d go test ./test/crash -run '%s'", tr.seed, tr.calls, tr.kills, t.Name())
	stage := program.NewStage(t, simulator.Config{
		Seed:   tr.seed,
		Faults: simulator.Faults{Duplicate: 0.25, Reorder: 0.25},
		Pick: simulator.MixedPeople(
			simulator.Answer{Say: "It costs 2 dollars and 49 cents."},
			simulator.Answer{Say: "About 5 cases per week."},
		).Pick(tr.seed),
		Model: program.Reader,
		// A few calls at a time, so that there are always some under way; and six attempts that use up Twilio's 15 s.
		Concurrency: 8, RetryPause: 2800 * time.Millisecond,
	})
	server := stage.Serve(t, settings)
	var numbers []string
	for n := range tr.calls {
		numbers = append(numbers, fmt.Sprintf("+1555%07d", n))
	}
	placed := server.Place(t, numbers...)

	for _, moment := range tr.moments() {
		reach(t, stage, moment, tr.calls)
		now := stage.Progress()
		server.Kill9()
		t.Logf("killed at %d of %d calls, %d webhooks, %d transcriptions", now.Ended, tr.calls, now.Webhooks, stage.Models.Requests())
		server.Start()
	}
	// What died is taken up after half a minute, and what failed is tried again with growing pauses.
	program.Eventually(t, 3*time.Minute, func() error { return stage.Open(server.API, placed) })

	faults, err := stage.Judge(server.API, placed)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		t.Errorf("seed %d: %s", tr.seed, fault)
	}
	report := stage.Report()
	t.Logf("%d calls were placed: %d webhooks, %d retries, %d duplicates recognised, %d reordered",
		len(report.Truths), report.Webhooks, report.Retries, report.Recognised, report.Reordered)
	if tr.kills > 0 && report.Retries == 0 {
		t.Errorf("no kill met a webhook: the trial proves nothing")
	}
}

// moments are when to kill, in steps of progress: webhooks delivered and transcriptions asked for. A call has about ten.
func (tr trial) moments() []int {
	chance := rand.New(rand.NewPCG(tr.seed, 0x6b696c6c))
	moments := make([]int, tr.kills)
	for i := range moments {
		moments[i] = chance.IntN(max(tr.calls*8, 1))
	}
	slices.Sort(moments)
	return moments
}

// reach waits for a moment, or for the end of all calls.
func reach(t *testing.T, stage *program.Stage, moment, calls int) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	for {
		now := stage.Progress()
		if now.Webhooks+stage.Models.Requests() >= moment || now.Ended >= calls {
			return
		}
		select {
		case <-deadline.C:
			return // the last kill may have stopped everything; what comes of it is judged
		case <-ticker.C:
		}
	}
}
