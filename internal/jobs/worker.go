package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"

	"github.com/i-agent/iagent/internal/interview"
)

// worker runs one function for River. River only says when; the ledger says whether.
type worker struct {
	river.WorkerDefaults[RunArgs]

	engine   *Engine
	function Function
}

// Timeout is the most that one attempt may take.
func (w *worker) Timeout(*river.Job[RunArgs]) time.Duration { return 15 * time.Minute }

// Work makes one attempt at a run.
func (w *worker) Work(ctx context.Context, job *river.Job[RunArgs]) error {
	ledger := w.engine.config.Ledger
	run, started, err := ledger.StartRun(ctx, job.Args.RunID)
	if err != nil {
		return err
	}
	switch started {
	case RunOver:
		return nil
	case RunElsewhere:
		return river.JobSnooze(LostAfter)
	case RunStarted:
	}
	begun := w.engine.config.Now()
	err = w.attempt(ctx, run)
	if w.engine.config.OnAttempt != nil {
		w.engine.config.OnAttempt(run, err, w.engine.config.Now().Sub(begun))
	}
	return w.settle(context.WithoutCancel(ctx), run, err, ctx.Err() != nil)
}

// attempt calls the function while its heartbeat goes on. A run that was taken over loses its context.
func (w *worker) attempt(ctx context.Context, run interview.Run) error {
	ctx, cancel := context.WithCancelCause(ctx)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		w.heartbeat(ctx, cancel, run)
	}()
	defer func() {
		cancel(nil)
		<-beating
	}()
	err := w.call(ctx, run)
	if err != nil && errors.Is(context.Cause(ctx), ErrLostRun) {
		return ErrLostRun
	}
	return err
}

func (w *worker) call(ctx context.Context, run interview.Run) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in %s: %v\n%s", run.Function, r, debug.Stack())
		}
	}()
	return w.function.Run(ctx, run)
}

func (w *worker) heartbeat(ctx context.Context, cancel context.CancelCauseFunc, run interview.Run) {
	ticker := time.NewTicker(HeartbeatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		// A heartbeat that the database did not take is tried again at the next tick; only a lost run ends the attempt.
		// The function's own transaction may have ended the run already, which is no reason to cancel it: it is about to
		// return.
		if err := w.engine.config.Ledger.Heartbeat(ctx, run); errors.Is(err, ErrLostRun) {
			cancel(ErrLostRun)
			return
		}
	}
}

// settle writes what came of an attempt, then tells River. interrupted says that we stopped it ourselves.
func (w *worker) settle(ctx context.Context, run interview.Run, err error, interrupted bool) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ledger := w.engine.config.Ledger
	now := w.engine.config.Now()
	until, waits := WaitUntil(err)
	switch {
	case err == nil:
		return ledger.EndRun(ctx, run)
	case errors.Is(err, ErrLostRun):
		return nil
	case waits:
		if err := ledger.PostponeRun(ctx, run, until, err.Error(), false); err != nil {
			return lost(err)
		}
		return river.JobSnooze(max(until.Sub(now), 0))
	case interrupted:
		if err := ledger.PostponeRun(ctx, run, now, "stopped: "+err.Error(), false); err != nil {
			return lost(err)
		}
		return river.JobSnooze(0)
	case IsPermanent(err), run.Attempt >= MaxAttempts:
		if err := ledger.FailRun(ctx, run, err.Error()); err != nil {
			return lost(err)
		}
		return river.JobCancel(err)
	}
	delay := Backoff(run.Attempt)
	if err := ledger.PostponeRun(ctx, run, now.Add(delay), err.Error(), true); err != nil {
		return lost(err)
	}
	return river.JobSnooze(delay)
}

// lost makes nothing of a run that another attempt has taken: it is not ours to report on.
func lost(err error) error {
	if errors.Is(err, ErrLostRun) {
		return nil
	}
	return err
}

// Backoff is how long a run waits after its n-th failed attempt: 2 s, 10 s, 50 s.
func Backoff(attempt int) time.Duration {
	delay := 2 * time.Second
	for range min(attempt, 6) - 1 {
		delay *= 5
	}
	return delay
}
