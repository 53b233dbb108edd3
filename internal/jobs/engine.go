package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
	"riverqueue.com/riverui"
	"riverqueue.com/riverui/uiendpoints"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/telemetry"
)

// Config says what an Engine runs.
type Config struct {
	Ledger    Ledger
	Functions []Function
	// Log takes warnings; nil means slog.Default().
	Log *slog.Logger
	// StopWithin bounds how long a stopping engine waits for running functions before it cancels them; 0 means 20 s.
	StopWithin time.Duration
	// Trace, if set, is called before every attempt. The attempt is made with the context that it returns, and end is called when
	// what came of it is in the ledger.
	Trace func(ctx context.Context, run interview.Run) (traced context.Context, end func(Result))
	// OnAttempt, if set, is called after every attempt.
	OnAttempt func(run interview.Run, result Result, elapsed time.Duration)
	// Jitter returns a number in [0,1) that spreads retries; nil means random.
	Jitter func() float64
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Inngest, when set, runs the functions instead of River, which then only sends their events.
	Inngest *InngestConfig
}

// Engine runs the functions, on River or by way of Inngest, and runs again those whose process died. Make one with NewPostgres
// or NewSQLite and Run it; its zero value cannot be used.
type Engine struct {
	config    Config
	functions map[interview.Function]Function
	client    client
	ui        uiendpoints.Bundle
	inngest   *inngest // nil on River

	// attempts is the context of whatever runs; it ends when a stopping engine has waited long enough.
	attempts       context.Context
	cancelAttempts context.CancelFunc

	mu       sync.Mutex
	stopping bool
	running  sync.WaitGroup
}

// errStopping says that the engine takes no more runs.
var errStopping = errors.New("the program is stopping")

// client is the part of a River client that does not depend on the kind of transaction.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	Stopped() <-chan struct{}
}

// NewPostgres returns an engine that takes its jobs from Postgres.
func NewPostgres(pool *pgxpool.Pool, config Config) (*Engine, error) {
	e, err := newEngine(config)
	if err != nil {
		return nil, err
	}
	c, err := river.NewClient[pgx.Tx](riverpgxv5.New(pool), e.riverConfig())
	if err != nil {
		return nil, fmt.Errorf("opening River: %w", err)
	}
	e.client, e.ui = c, riverui.NewEndpoints(c, nil)
	return e, nil
}

// NewSQLite returns an engine that takes its jobs from SQLite, over the one connection that writes.
func NewSQLite(db *sql.DB, config Config) (*Engine, error) {
	e, err := newEngine(config)
	if err != nil {
		return nil, err
	}
	settings := e.riverConfig()
	// SQLite cannot notify.
	settings.FetchPollInterval = 500 * time.Millisecond
	c, err := river.NewClient[*sql.Tx](riversqlite.New(db), settings)
	if err != nil {
		return nil, fmt.Errorf("opening River: %w", err)
	}
	e.client, e.ui = c, riverui.NewEndpoints(c, nil)
	return e, nil
}

func newEngine(config Config) (*Engine, error) {
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.StopWithin == 0 {
		config.StopWithin = 20 * time.Second
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	e := &Engine{config: config, functions: map[interview.Function]Function{}}
	e.attempts, e.cancelAttempts = context.WithCancel(context.Background())
	for _, f := range config.Functions {
		e.functions[f.Name] = f
	}
	if config.Inngest != nil {
		var err error
		if e.inngest, err = newInngest(e, *config.Inngest); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// UI is River's, for its web pages.
func (e *Engine) UI() uiendpoints.Bundle { return e.ui }

func (e *Engine) riverConfig() *river.Config {
	workers, queues := river.NewWorkers(), map[string]river.QueueConfig{}
	for _, f := range e.config.Functions {
		args := RunArgs{Function: f.Name}
		if e.inngest != nil {
			// Inngest keeps the order in which events come, so they are sent one after another.
			river.AddWorkerArgs(workers, args, &sender{engine: e, function: f})
			queues[Queue(f.Name)] = river.QueueConfig{MaxWorkers: 1}
			continue
		}
		river.AddWorkerArgs(workers, args, &worker{engine: e})
		queues[Queue(f.Name)] = river.QueueConfig{MaxWorkers: f.Concurrency}
	}
	return &river.Config{
		Queues:     queues,
		Workers:    workers,
		Middleware: []rivertype.Middleware{storedErrors},
		// Errors of functions are in the ledger and reported by OnAttempt; River logs only what goes wrong in River itself.
		Logger:            telemetry.Warnings(e.config.Log),
		FetchCooldown:     50 * time.Millisecond,
		FetchPollInterval: time.Second,
		// A process may die after it took a job and before it took the run: the ledger does not know, so River must find
		// out soon.
		JobTimeout:           riverJobTimeout,
		RescueStuckJobsAfter: riverJobTimeout,
		JobStuckThreshold:    attemptTimeout,
	}
}

// Run works until ctx ends, then waits for running functions within Config.StopWithin and cancels the rest: those are
// tried again by whoever runs next. It returns an error when it could not start.
func (e *Engine) Run(ctx context.Context) error {
	working := context.WithoutCancel(ctx)
	if err := e.client.Start(working); err != nil {
		return fmt.Errorf("starting River: %w", err)
	}
	var watching sync.WaitGroup
	if e.inngest != nil {
		watching.Go(func() { e.watchInngest(ctx) })
	}
	e.rescueUntil(ctx)

	watching.Wait()
	e.stop(working)
	return nil
}

// stop takes no more runs, waits for those that are running, and cancels them when it has waited long enough.
func (e *Engine) stop(ctx context.Context) {
	e.mu.Lock()
	e.stopping = true
	e.mu.Unlock()
	defer e.cancelAttempts()
	defer time.AfterFunc(e.config.StopWithin, e.cancelAttempts).Stop()

	soft, cancel := context.WithTimeout(ctx, e.config.StopWithin+5*time.Second)
	defer cancel()
	if err := e.client.Stop(soft); err != nil {
		hard, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := e.client.StopAndCancel(hard); err != nil {
			e.config.Log.Warn("functions did not stop in time", "error", err)
		}
	}
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		e.running.Wait()
	}()
	select {
	case <-idle:
	case <-soft.Done():
		e.config.Log.Warn("functions did not stop in time")
	}
}

// begin counts an attempt, unless the engine is stopping.
func (e *Engine) begin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping {
		return false
	}
	e.running.Add(1)
	return true
}

// rescueUntil looks for runs whose process died, until ctx ends.
func (e *Engine) rescueUntil(ctx context.Context) {
	ticker := time.NewTicker(HeartbeatEvery)
	defer ticker.Stop()
	for {
		rescued, err := e.config.Ledger.RescueRuns(ctx)
		if err != nil && ctx.Err() == nil {
			e.config.Log.Warn("looking for lost runs", "error", fault.Of(err).String())
		}
		if rescued > 0 {
			e.config.Log.Warn("runs of a dead process, or with a lost event, run again", "runs", rescued)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
