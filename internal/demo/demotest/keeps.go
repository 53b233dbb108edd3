// Package demotest runs demos for tests, which hold that nothing of them is lost or doubled.
package demotest

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testdb"
)

// slots are as many as demos may run at a time in this process: their Twilio waits no longer than the real one, however slow
// the machine is. The race detector makes them slower.
var slots = make(chan struct{}, map[bool]int{false: 2, true: 1}[e2etest.Race]*runtime.GOMAXPROCS(0))

// alone is held by whoever collects all slots.
var alone sync.Mutex

// take takes one slot, or all of them.
func take(all bool) (giveBack func()) {
	n := 1
	if all {
		alone.Lock()
		defer alone.Unlock()
		n = cap(slots)
	}
	for range n {
		slots <- struct{}{}
	}
	return func() {
		for range n {
			<-slots
		}
	}
}

// attempts is how often a demo is run whose answers come too late.
const attempts = 3

// KeepsItsPromises runs a demo, which fails the test when it breaks a promise. Flags are those of `iagent demo`, beside --calls
// and --seed, that run it again.
//
// When an answer comes too late for Twilio, a machine with other work may be why, and what Twilio then gives up is not lost
// by us: the demo is run again with the same seed and a new database, and with no other beside it. Only if its answers are
// too late each time is that a broken promise. What is lost or doubled in a demo whose answers are in time always is.
func KeepsItsPromises(t testing.TB, options demo.Options, flags string) {
	t.Helper()
	for n := 1; ; n++ {
		var out bytes.Buffer
		options.Out, options.Within = &out, 10*time.Minute
		giveBack := take(n > 1)
		err := demo.Run(t.Context(), options)
		giveBack()
		if err == nil {
			return
		}
		var broken *demo.BrokenError
		if errors.As(err, &broken) {
			err = errors.New(strings.Join(broken.Violations, "\n"))
		}
		if broken == nil || broken.Late == 0 || n == attempts {
			t.Errorf("iagent demo --seed %d --calls %d %s on %q, run %d times:\n%v\n%s", options.Seed, options.Calls, flags, databaseOf(options), n, err, out.String())
			return
		}
		t.Logf("seed %d: %d answers came too late for Twilio; the demo is run again, alone", options.Seed, broken.Late)
		switch databaseOf(options) {
		case "postgres":
			options.DatabaseURL = testdb.Postgres(t)
		case "sqlite":
			options.DatabaseURL = "sqlite:" + testdb.SQLite(t)
		}
	}
}

// databaseOf is the kind of the demo's database; "" is its own.
func databaseOf(options demo.Options) string {
	kind, _, _ := strings.Cut(options.DatabaseURL, ":")
	return kind
}
