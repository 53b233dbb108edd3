package jobs

import (
	"context"
	"math/rand/v2"
	"sync"
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

// outage is a time in which Inngest takes no events. Its zero value is none. One event at a time finds out whether it is
// over, after pauses that grow.
type outage struct {
	mu       sync.Mutex
	since    time.Time
	failures int
	next     time.Time // of trying again
	reason   string
}

// pause is how long no event is to be sent, and why.
func (o *outage) pause(now time.Time) (time.Duration, string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.next.Sub(now), o.reason
}

// failed notes an event that was not taken, and returns the pause, and whether the outage begins with it.
func (o *outage) failed(now time.Time, reason string) (pause time.Duration, first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	first = o.since.IsZero()
	if first {
		o.since = now
	}
	o.failures++
	pause = jitter(min(time.Second<<min(o.failures, 10), sendAgainWithin))
	o.next, o.reason = now.Add(pause), reason
	return pause, first
}

// ended notes an event that was taken, and returns how long the outage was, 0 when there was none.
func (o *outage) ended(now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		return 0
	}
	lasted := now.Sub(o.since)
	o.since, o.next, o.failures, o.reason = time.Time{}, time.Time{}, 0, ""
	return lasted
}

// jitter is the longer half of a pause, and a random part of the other, so that not everybody comes back at once.
func jitter(pause time.Duration) time.Duration {
	return pause/2 + rand.N(pause/2+1)
}

// patience is how long Inngest may take to begin a run behind so many others of its function, a minute for a run: too long
// rather than too short, since an event that is sent again in vain takes a turn from another.
func beginWithin(f Function, backlog int) time.Duration {
	return lostEventAfter + time.Duration(backlog)*time.Minute/time.Duration(max(f.Concurrency, 1))
}
