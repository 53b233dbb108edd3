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

	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/simulator"
	"github.com/i-agent/iagent/test/program"
)

// judging waits, by the clocks of these lives, longer than the test.
const judging = "validate-claim"

// TestKillBetweenStatementsLosesOrDoubles plays one call after another, from its dial to its claim. In each the process is
// killed with SIGKILL after another one of the statements that it sends to its database: of the dial, the webhooks, the
// transcription, the extraction. The next process takes over, and in the end each call is as it was in truth and
// `iagent verify` has nothing to say.
//
// CRASH_EVERY=1 takes every statement; by default it is one in ten.
func TestKillBetweenStatementsLosesOrDoubles(t *testing.T) {
	t.Parallel()
	const lanes = 3 // the points are shared among so many databases of a kind
	every := 10
	if program.Race {
		every = 30
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
			killAfterEach(t, "sqlite:"+testdb.SQLite(t), 1+lane*every, lanes*every)
		})
		t.Run(fmt.Sprintf("postgres %d", lane), func(t *testing.T) {
			t.Parallel()
			killAfterEach(t, testdb.Postgres(t), 1+lane*every, lanes*every)
		})
	}
}

// killAfterEach kills after statement first, and after every further step statements, until a call needs fewer.
func killAfterEach(t *testing.T, databaseURL string, first, step int) {
	// The victim's clock is put ahead, and so is Twilio's with it: clocks that differ by minutes are another matter.
	var ahead atomic.Int64
	stage := program.NewStage(t, simulator.Config{
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
		Pick: func(string, int) simulator.Script {
			return simulator.Consents(simulator.Answer{Say: "It costs 2 dollars."})
		},
		Faults: simulator.Faults{Duplicate: 0.2}, Model: program.Reader, RetryPause: time.Second,
	})
	settings := program.Complete(databaseURL).With("VICTIM_AFTER", strconv.Itoa(first), "VICTIM_AHEAD", "0s")
	server := stage.ServeOther(t, "github.com/i-agent/iagent/test/crash/victim", settings)
	var (
		all     []program.Call
		kills   int
		rung    int
		repeats = map[string]int{}
	)
	for point := first; ; point += step {
		before := stage.Requests()
		placed := server.Place(t, fmt.Sprintf("+1555%07d", point))
		all = append(all, placed...)
		server.Signal(syscall.SIGUSR1)
		killed := playOrDie(t, stage, server, placed)
		name := "the end"
		if killed {
			kills++
			name = lastLine(server.Log())
			ahead.Store(int64(time.Duration(kills) * time.Minute))
			server.Change("VICTIM_AFTER", strconv.Itoa(point+step), "VICTIM_AHEAD", time.Duration(ahead.Load()).String())
			server.Start()
			program.Eventually(t, 3*time.Minute, func() error { return stage.Open(server.API, placed, judging) })
		}
		faults, err := stage.Judge(server.API, all)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults {
			t.Errorf("%s: %s", name, fault)
		}
		// An earlier call that had died before its dial may have been made now, after its absence was proven.
		made := len(stage.Report().Truths) - rung
		rung += made
		for request, once := range onceEach {
			n, want := stage.Requests()[request]-before[request], once*made
			if n > want+once || request == program.Dial && n > max(want, 1) {
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
	if got := program.Run(t, settings, "verify"); got.Exit != 0 {
		t.Errorf("iagent verify ended with %d:\n%s%s", got.Exit, got.Stdout, got.Stderr)
	}
	t.Logf("%d calls, %d kills; requests made more often than without them: %v", len(all), kills, repeats)
}

// onceEach is what one of these calls asks of others when nothing goes wrong: its recording has two channels, and each is
// a request of its own.
var onceEach = map[string]int{program.Dial: 1, program.Media: 1, program.Transcription: 2, program.Completion: 1}

// playOrDie waits until the server has killed itself, which it says, or until all is done without. Then its wish to die is
// taken away: what it does from time to time would fulfil it later, while the test is judging.
func playOrDie(t *testing.T, stage *program.Stage, server *program.Server, placed []program.Call) (killed bool) {
	t.Helper()
	program.Eventually(t, 3*time.Minute, func() error {
		if server.URL() == "" {
			killed = true
			return nil
		}
		return stage.Open(server.API, placed, judging)
	})
	if !killed {
		server.Signal(syscall.SIGUSR2)
		program.Eventually(t, time.Minute, func() error {
			killed = server.URL() == ""
			if !killed && !strings.Contains(server.Log(), "lives on\n") {
				return errors.New("the server does not say that it lives on")
			}
			return nil
		})
	}
	if killed && !strings.HasPrefix(lastLine(server.Log()), "killed after statement ") {
		t.Fatal(errors.New("the server died of something else"))
	}
	return killed
}

func lastLine(log string) string {
	log = strings.TrimSpace(log)
	return log[strings.LastIndexByte(log, '\n')+1:]
}
