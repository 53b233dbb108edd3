package crash_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/simulator"
	"github.com/i-agent/iagent/test/program"
)

// judging waits, by the clocks of these lives, longer than the test.
const judging = "validate-claim"

// TestCrashBetweenStatementsLosesOrDoubles plays one call after another, from its dial to its claim, each with a crash
// after another one of the statements that the program sends to its database: of the dial, the webhooks, the
// transcription, the extraction. A new life takes over, and in the end each call is as it was in truth.
//
// CRASH_EVERY=1 takes every statement; by default it is one in five, and fewer under the race detector.
func TestCrashBetweenStatementsLosesOrDoubles(t *testing.T) {
	// The crash points are shared among so many databases of a kind.
	every, lanes := 5, 3
	if program.Race {
		every, lanes = 30, 1
	} else {
		t.Parallel()
	}
	if text := os.Getenv("CRASH_EVERY"); text != "" {
		var err error
		if every, err = strconv.Atoi(text); err != nil || every < 1 {
			t.Fatalf("CRASH_EVERY=%q is no number", text)
		}
	}
	for lane := range lanes {
		t.Run(fmt.Sprintf("sqlite %d", lane), func(t *testing.T) {
			t.Parallel()
			crashAfterEach(t, "sqlite:"+testdb.SQLite(t), 1+lane*every, lanes*every)
		})
		t.Run(fmt.Sprintf("postgres %d", lane), func(t *testing.T) {
			t.Parallel()
			crashAfterEach(t, testdb.Postgres(t), 1+lane*every, lanes*every)
		})
	}
}

// crashAfterEach crashes after statement first, and after every further step statements, until a call needs fewer.
func crashAfterEach(t *testing.T, databaseURL string, first, step int) {
	stage := program.NewStage(t, simulator.Config{
		Pick: func(string, int) simulator.Script {
			return simulator.Consents(simulator.Answer{Say: "It costs 2 dollars."})
		},
		Faults: simulator.Faults{Duplicate: 0.2}, Model: program.Reader, RetryPause: time.Second,
	})
	var (
		current *life
		ahead   time.Duration
		all     []program.Call
		crashes int
	)
	api := program.NewAPI(func() string { return "http://" + current.app.Addr().String() })
	live := func(fuse *fuse) {
		if current != nil {
			current.end(t)
		}
		ahead += time.Minute
		current = begin(t, stage, databaseURL, ahead, fuse)
	}
	for point := first; ; point += step {
		fuse := newFuse()
		live(fuse)
		placed := api.Place(t, fmt.Sprintf("+1555%07d", point))
		all = append(all, placed...)
		fuse.arm(point)
		crashed := playOrCrash(t, stage, api, placed, fuse)
		if crashed {
			crashes++
			live(newFuse())
			program.Eventually(t, 3*time.Minute, func() error { return stage.Open(api, placed, judging) })
		}
		faults, err := stage.Judge(api, all)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults {
			t.Errorf("after a crash at statement %d: %s", point, fault)
		}
		if !crashed || t.Failed() {
			break
		}
	}
	if crashes < 3 {
		t.Errorf("only %d statements were crashed after: a call has more", crashes)
	}
	t.Logf("%d calls, %d crashes", len(all), crashes)
}

// playOrCrash waits until the fuse blows, which it says, or until all is done without.
func playOrCrash(t *testing.T, stage *program.Stage, api program.API, placed []program.Call, fuse *fuse) (crashed bool) {
	t.Helper()
	program.Eventually(t, 3*time.Minute, func() error {
		select {
		case <-fuse.blown:
			crashed = true
			return nil
		default:
			return stage.Open(api, placed, judging)
		}
	})
	return crashed
}
