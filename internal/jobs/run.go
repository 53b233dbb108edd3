package jobs

import (
	"context"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

const (
	// MaxAttempts is how often a run is tried before it is dead.
	MaxAttempts = 4
	// HeartbeatEvery is how often a running attempt says that it is alive.
	HeartbeatEvery = 5 * time.Second
	// LostAfter is the age of a heartbeat at which the process behind a run counts as dead.
	LostAfter = 20 * time.Second
)

// RunArgs is what River carries for a run: which one, and nothing about whom.
type RunArgs struct {
	RunID    string             `json:"runId"`
	Function interview.Function `json:"-"`
}

// Kind is the name of the function.
func (a RunArgs) Kind() string { return string(a.Function) }

// Queue is the River queue of a function: each has its own, so that each has its own limit.
func Queue(f interview.Function) string { return string(f) }

// Started says what came of starting a run.
type Started int

// A run starts, is over (nothing to do), or is running elsewhere with a fresh heartbeat.
const (
	RunStarted Started = iota
	RunOver
	RunElsewhere
)

// Ledger is the table of runs. Its methods that take a run answer ErrLostRun when the attempt is not the running one.
type Ledger interface {
	// StartRun takes the run for this process, unless it is over or running elsewhere.
	StartRun(ctx context.Context, runID string) (interview.Run, Started, error)
	// Heartbeat says that the attempt is alive.
	Heartbeat(ctx context.Context, run interview.Run) error
	// EndRun marks an attempt that left its run open as done; one that ended it is left alone.
	EndRun(ctx context.Context, run interview.Run) error
	// PostponeRun puts the run back to waiting; counts says whether the attempt counts.
	PostponeRun(ctx context.Context, run interview.Run, until time.Time, reason string, counts bool) error
	// FailRun ends the run for good.
	FailRun(ctx context.Context, run interview.Run, reason string) error
	// RescueRuns enqueues again the runs whose process died, and returns how many.
	RescueRuns(ctx context.Context) (int, error)
}

// Function is a step of the pipeline: its body, and how many run at once in one process.
type Function struct {
	Name        interview.Function
	Concurrency int
	Run         func(ctx context.Context, run interview.Run) error
}
