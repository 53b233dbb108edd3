package jobs

import (
	"context"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

const (
	// MaxAttempts is how often a run is tried whose error nobody can classify, or whose process dies, before it is dead.
	// Somebody who retries a dead run gives it as many again. Attempts that failed for a service that is away do not use it up:
	// see GiveUpAfter.
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
	// PostponeRun puts the run back to waiting.
	PostponeRun(ctx context.Context, run interview.Run, p Postponement) error
	// FailRun ends the run for good.
	FailRun(ctx context.Context, run interview.Run, reason string) error
	// KeepWords keeps what a service said when the attempt failed, where an erasure of the run's call finds it. Nothing is
	// kept for a run that is about no single call.
	KeepWords(ctx context.Context, run interview.Run, words string) error
	// RescueRuns enqueues again the runs whose process died or whose event was lost, and returns how many.
	RescueRuns(ctx context.Context) (int, error)

	// UnsentRun returns a waiting run that has no event out, and whether there is one.
	UnsentRun(ctx context.Context, runID string) (Unsent, bool, error)
	// EventSent notes that the event of a run is out, when its sending began, and when the run must have begun lest the event
	// be lost. If the sending began before the time of the last ResendRuns of all runs, another event is asked for at once.
	EventSent(ctx context.Context, sent Unsent, sentAt, beginBy time.Time) error
	// EventNotSent keeps why the event of a run could not be sent.
	EventNotSent(ctx context.Context, unsent Unsent, reason string) error
	// ResendRuns asks for another event for each run whose event is out and was sent before a time; for one run only, unless
	// runID is "".
	ResendRuns(ctx context.Context, runID string, before time.Time) (int, error)
	// HasOtherEvent reports whether another event was asked for since the one that was sent after so many others.
	HasOtherEvent(ctx context.Context, runID string, resends int) (bool, error)

	pings
}

// pings are events that ask Inngest for nothing but a call, which may come to any of the processes behind one URL.
type pings interface {
	PingSent(ctx context.Context, id string) error
	PingCame(ctx context.Context, id string) error
	HasPingCome(ctx context.Context, id string) (bool, error)
}

// Postponement says how a run goes back to waiting.
type Postponement struct {
	Until  time.Time
	Reason string
	// Counts says whether the attempt counts; one that only found out that it must wait does not.
	Counts bool
	// Transient says that the attempt failed for a service that is away: it moves on where the run is given up. The first such
	// attempt in a row sets Run.FailingSince.
	Transient bool
	// Waited says that the function asked to wait, so the run is not failing any more.
	Waited bool
	// Resend enqueues the run again, for its event to be sent once more; else whoever called the run does so again.
	Resend bool
	// BeginBy, when set, is when an event that is still out counts as lost.
	BeginBy time.Time
}

// Unsent is a run whose event is to be sent.
type Unsent struct {
	Run interview.Run
	// Resends is how often another event was asked for: events of one run are told apart by it.
	Resends int
	// Backlog is how many events of the same function are out and wait for their turn.
	Backlog int
}

// Function is a step of the pipeline: its body, and how many run at once: in one process on River, in all on Inngest.
type Function struct {
	Name        interview.Function
	Concurrency int
	Run         func(ctx context.Context, run interview.Run) error
}
