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
func (s *sender) Timeout(*river.Job[RunArgs]) time.Duration { return riverJobTimeout }

// Work sends the event, unless one is out already or the run is over. An event that was sent but not noted is sent again
// under the same id, which Inngest takes for the same.
func (s *sender) Work(ctx context.Context, job *river.Job[RunArgs]) error {
	ledger := s.engine.config.Ledger
	unsent, ok, err := ledger.UnsentRun(ctx, job.Args.RunID)
	if err != nil || !ok {
		return err
	}
	sentAt := s.engine.config.Now()
	pause, reason := s.send(ctx, unsent)
	if pause > 0 {
		if err := ledger.EventNotSent(ctx, unsent, "sending the event to Inngest: "+reason); err != nil {
			return err
		}
		return river.JobSnooze(pause)
	}
	return ledger.EventSent(ctx, unsent, sentAt, s.engine.config.Now().Add(beginWithin(s.function, unsent.Backlog)))
}

// send sends the event, unless Inngest has just refused another. It returns how long to wait before the next attempt, and
// why; 0 when the event was taken.
func (s *sender) send(ctx context.Context, unsent Unsent) (pause time.Duration, reason string) {
	log, outage := s.engine.config.Log, &s.engine.inngest.outage
	if pause, reason := outage.pause(time.Now()); pause > 0 {
		return pause, reason
	}
	err := s.engine.inngest.send(ctx, s.function, unsent)
	if err != nil {
		pause, first := outage.failed(time.Now(), err.Error())
		if first {
			log.Warn("Inngest takes no events; they are sent again until it does", "function", string(s.function.Name),
				"run", unsent.Run.ID, "error", err)
		}
		return pause, err.Error()
	}
	if lasted := outage.ended(time.Now()); lasted > 0 {
		log.Info("Inngest takes events again", "after", lasted.Round(time.Second))
	}
	return 0, ""
}

// beginWithin is how long Inngest may take to begin a run behind so many others of its function, a minute for a run: too long
// rather than too short, since an event that is sent again in vain takes a turn from another.
func beginWithin(f Function, backlog int) time.Duration {
	return lostEventAfter + time.Duration(backlog)*time.Minute/time.Duration(max(f.Concurrency, 1))
}
