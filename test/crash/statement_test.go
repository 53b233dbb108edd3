package crash_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/simulator"
)

// judging is the function whose runs wait, by the clocks of these processes, longer than the test.
const judging = "validate-claim"

// TestKillBetweenStatementsLosesAndDoublesNothing plays one call after another, from its dial to its claim. In each the process is
// killed with SIGKILL after another one of the statements that it sends to its database: of the dial, the webhooks, the
// transcription, the extraction. The next process takes over, and in the end each call is as it was in truth and
// `iagent verify` has nothing to say.
//
// CRASH_EVERY=1 takes every statement; by default it is one in thirty; .ci/long takes one in five.
func TestKillBetweenStatementsLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	const databases = 3 // of each kind, among which the statements are shared
	every := 30
	if text := os.Getenv("CRASH_EVERY"); text != "" {
		var err error
		if every, err = strconv.Atoi(text); err != nil || every < 1 {
			t.Fatalf("CRASH_EVERY=%q is no number", text)
		}
	}
	for n := range databases {
		t.Run(fmt.Sprintf("sqlite %d", n), func(t *testing.T) {
			t.Parallel()
			killAfterEach(t, "sqlite:"+testdb.SQLite(t), 1+n*every, databases*every)
		})
		t.Run(fmt.Sprintf("postgres %d", n), func(t *testing.T) {
			t.Parallel()
			killAfterEach(t, testdb.Postgres(t), 1+n*every, databases*every)
		})
	}
}

// killAfterEach kills after statement first, and after every further step statements, until a call needs fewer.
func killAfterEach(t *testing.T, databaseURL string, first, step int) {
	// The clock of the server is put ahead, and so is Twilio's with it: clocks that differ by minutes are another matter.
	var ahead atomic.Int64
	twilio := e2etest.NewSimulation(t, simulator.Config{
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
		Pick: func(string, int) simulator.Script {
			return simulator.Consents(simulator.Answer{Say: "It costs 2 dollars."})
		},
		Faults: simulator.Faults{Duplicate: 0.2}, Model: e2etest.OneClaim, RetryPause: time.Second,
	})
	settings := e2etest.DefaultSettings(databaseURL).With("KILL_AFTER", strconv.Itoa(first), "CLOCK_AHEAD", "0s")
	server := twilio.ServeOther(t, "github.com/i-agent/iagent/test/crash/selfkill", settings)
	var (
		all     []e2e.Call
		kills   int
		rung    int // calls that were placed before
		repeats = map[string]int{}
	)
	for point := first; ; point += step {
		before := twilio.Requests()
		placed := server.Place(t, fmt.Sprintf("+1555%07d", point))
		all = append(all, placed...)
		server.Signal(syscall.SIGUSR1)
		killed := awaitKill(t, twilio, server)
		name := "the end"
		if killed {
			kills++
			name = lastLine(server.Log())
			ahead.Store(int64(time.Duration(kills) * time.Minute))
			server.Change("KILL_AFTER", strconv.Itoa(point+step), "CLOCK_AHEAD", time.Duration(ahead.Load()).String())
			server.Start()
			twilio.AwaitSettled(t, server.API, judging)
		}
		twilio.Judge(t, server.API, all, e2etest.OneClaimEach)
		if t.Failed() {
			t.Error(name)
		}
		// An earlier call that had died before its dial may have been made now, after its absence was proven.
		made := len(twilio.Report().Truths) - rung
		rung += made
		for request, once := range onceEach {
			n, want := twilio.Requests()[request]-before[request], once*made
			if n > want+once || request == e2etest.Dial && n > max(want, 1) {
				t.Errorf("%s: %d times a %s, instead of %d", name, n, request, want)
			}
			if n > want {
				repeats[request]++
				t.Logf("%s: %d times a %s, instead of %d", name, n, request, want)
			}
		}
		if !killed || t.Failed() {
			break
		}
	}
	if kills == 0 {
		t.Errorf("no statement was killed after: a call has more than %d", first)
	}
	e2etest.Verified(t, settings)
	t.Logf("%d calls, %d kills; requests made more often than without them: %v", len(all), kills, repeats)
}

// onceEach is what one of these calls asks of others when nothing goes wrong: its recording has two channels, and each is
// a request of its own.
var onceEach = map[string]int{e2etest.Dial: 1, e2etest.Media: 1, e2etest.Transcription: 2, e2etest.Completion: 1}

// awaitKill waits until the server has killed itself, which it says, or until all is done without. Then it is told not to any more:
// what it does from time to time would be the statement later, while the test is judging.
func awaitKill(t *testing.T, twilio *e2etest.Simulation, server *e2etest.Server) (killed bool) {
	t.Helper()
	e2etest.Eventually(t, func() error {
		if killed = server.URL() == ""; killed {
			return nil
		}
		over, err := twilio.Settled(t.Context(), server.API, judging)
		if err == nil && !over {
			err = errors.New("the call is not over")
		}
		return err
	})
	if !killed {
		server.Signal(syscall.SIGUSR2)
		e2etest.Eventually(t, func() error {
			killed = server.URL() == ""
			if !killed && !strings.Contains(server.Log(), "kill canceled\n") {
				return errors.New("the server does not say that it will not kill itself")
			}
			return nil
		})
	}
	if killed && !strings.HasPrefix(lastLine(server.Log()), "killed after statement ") {
		t.Fatal("the server died of something else")
	}
	return killed
}

func lastLine(log string) string {
	log = strings.TrimSpace(log)
	return log[strings.LastIndexByte(log, '\n')+1:]
}
