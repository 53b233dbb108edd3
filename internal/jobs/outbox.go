package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"
)

const (
	// lostEventAfter is how long after its turn an event counts as lost that started nothing.
	lostEventAfter = 10 * time.Minute
	// sendAgainWithin bounds the pause after an event that Inngest did not take.
	sendAgainWithin = time.Minute
)

// sender is the worker of a function that Inngest runs: it sends the run's event. So an event exists if and only if the
// transaction that causes it was committed, and it is sent until Inngest has taken it.
type sender struct {
	river.WorkerDefaults[RunArgs]

	engine   *Engine
	function Function
}

// Timeout is what River's rescuer goes by.
func (s *sender) Timeout(*river.Job[RunArgs]) time.Duration { return riverPatience }

// Work sends the event, unless one is out already or the run is over. An event that was sent but not noted is sent again
// under the same id, which Inngest takes for the same.
func (s *sender) Work(ctx context.Context, job *river.Job[RunArgs]) error {
	ledger := s.engine.config.Ledger
	unsent, ok, err := ledger.UnsentRun(ctx, job.Args.RunID)
	if err != nil || !ok {
		return err
	}
	if err := s.engine.inngest.send(ctx, s.function, unsent); err != nil {
		pause := min(time.Second<<min(job.Attempt, 10), sendAgainWithin)
		s.engine.config.Log.Warn("Inngest did not take an event", "function", string(s.function.Name), "run", unsent.Run.ID,
			"pause", pause, "error", err)
		if err := ledger.EventNotSent(ctx, unsent, "sending the event to Inngest: "+err.Error()); err != nil {
			return err
		}
		return river.JobSnooze(pause)
	}
	return ledger.EventSent(ctx, unsent, s.engine.config.Now().Add(patience(s.function, unsent.Backlog)))
}

// patience is how long Inngest may take to begin a run behind so many others of its function. It counts those of all
// values of the throttle's key as one queue, and a minute for a run: too long rather than too short, since an event that
// is sent again in vain takes a turn from another.
func patience(f Function, backlog int) time.Duration {
	pace := time.Minute / time.Duration(max(f.Concurrency, 1))
	if f.Throttle != nil {
		pace = max(pace, f.Throttle.Period/time.Duration(max(f.Throttle.Limit, 1)))
	}
	return lostEventAfter + time.Duration(backlog)*pace
}
