// Command selfkill is `iagent serve` for tests that kills itself: after SIGUSR1 it lets a number of statements reach its database,
// commits among them, and sends itself SIGKILL as soon as the last one has, before it reads the answer. On standard error it
// leaves a line that says which statement that was: its number, and the operation of the store that it belongs to. After
// SIGUSR2 it will not kill itself any more, and a line says "kill canceled".
//
// KILL_AFTER is the number of statements, from 1. CLOCK_AHEAD is how far its clock is ahead, such as 1m: what a dead
// process was doing then counts as lost at once.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/telemetry"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "selfkill:", err)
		os.Exit(1)
	}
}

func run() error {
	var config app.Config
	parser, err := kong.New(&config, kong.Vars(app.Defaults()))
	if err != nil {
		return err
	}
	if _, err := parser.Parse(nil); err != nil {
		return err
	}
	after, err := strconv.Atoi(os.Getenv("KILL_AFTER"))
	if err != nil {
		return fmt.Errorf("KILL_AFTER: %w", err)
	}
	ahead, err := time.ParseDuration(os.Getenv("CLOCK_AHEAD"))
	if err != nil {
		return fmt.Errorf("CLOCK_AHEAD: %w", err)
	}
	log, err := telemetry.NewLogger(os.Stderr, config.LogFormat, config.LogLevel, config.Secrets()...)
	if err != nil {
		return err
	}
	k := &killer{after: after}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		for signal := range signals {
			k.arm(signal == syscall.SIGUSR1)
		}
	}()
	ctx := context.Background()
	a, err := app.Open(ctx, config, app.Options{
		Log: log, Now: func() time.Time { return time.Now().Add(ahead) }, Store: store.Options{Around: k.around},
	})
	if err != nil {
		return err
	}
	defer a.Close()
	return a.Run(ctx)
}

// killer counts statements once it is armed, and kills the process after the last.
type killer struct {
	mu    sync.Mutex
	armed bool
	count int
	after int
}

func (k *killer) arm(armed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.armed = armed
	if !armed {
		fmt.Fprintln(os.Stderr, "kill canceled")
	}
}

func (k *killer) around(statement func() error) error {
	k.mu.Lock()
	last := false
	if k.armed {
		k.count++
		last = k.count == k.after
	}
	k.mu.Unlock()
	err := statement()
	if !last {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.armed {
		fmt.Fprintf(os.Stderr, "killed after statement %d, of %s\n", k.after, operation())
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	}
	return err
}

// operation is the method of the store whose transaction is under way.
func operation() string {
	frames := make([]uintptr, 64)
	list := runtime.CallersFrames(frames[:runtime.Callers(1, frames)])
	found := "an unknown operation"
	for {
		frame, more := list.Next()
		if _, name, ok := strings.Cut(frame.Function, "internal/store.(*"); ok {
			name, _, _ = strings.Cut(strings.Replace(name, ")", "", 1), ".func")
			if strings.HasPrefix(name, "Store.") || strings.HasPrefix(name, "Processor.") {
				found = name // the outermost wins
			}
		}
		if !more {
			return found
		}
	}
}
