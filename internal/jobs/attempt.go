package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// attemptTimeout is the most that one attempt may take.
const attemptTimeout = 15 * time.Minute

// outcome is what came of calling a run.
type outcome struct {
	state outcomeState
	run   interview.Run
	// until is when to call the run again, for tryAgain and waits.
	until time.Time
	// err is the function's, for tryAgain and dead.
	err error
}

// outcomeState is one of the constants below.
type outcomeState int

const (
	settled   outcomeState = iota // there is nothing left to do
	elsewhere                     // another attempt is running, with a fresh heartbeat
	waits                         // the run must not go on yet; the attempt did not count
	tryAgain                      // the attempt failed, and there is another one
	dead                          // the attempt failed, and there is no other
)

// attempt calls a run: it takes it from the ledger, calls its function under a heartbeat, and writes what came of it into
// the ledger. Whoever calls only learns when to call again. An error is a fault of the ledger.
//
// An attempt ends by itself, after attemptTimeout, or when the engine stops; not when its caller has lost patience.
func (e *Engine) attempt(caller context.Context, runID string) (outcome, error) {
	if !e.begin() {
		return outcome{}, errStopping
	}
	defer e.running.Done()
	ctx, cancel := context.WithTimeout(e.attempts, attemptTimeout)
	defer cancel()

	run, started, err := e.config.Ledger.StartRun(context.WithoutCancel(caller), runID)
	if err != nil {
		return outcome{}, err
	}
	switch started {
	case RunOver:
		return outcome{state: settled, run: run}, nil
	case RunElsewhere:
		return outcome{state: elsewhere, run: run, until: e.config.Now().Add(LostAfter)}, nil
	case RunStarted:
	}
	begun := e.config.Now()
	err = e.call(ctx, run)
	if e.config.OnAttempt != nil {
		e.config.OnAttempt(run, err, e.config.Now().Sub(begun))
	}
	return e.settle(context.WithoutCancel(ctx), run, err, e.attempts.Err() != nil)
}

// call runs the function while its heartbeat goes on. A run that was taken over loses its context.
func (e *Engine) call(ctx context.Context, run interview.Run) error {
	function, ok := e.functions[run.Function]
	if !ok {
		return Permanent(fmt.Errorf("there is no function %s", run.Function))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		e.heartbeat(ctx, cancel, run)
	}()
	defer func() {
		cancel(nil)
		<-beating
	}()
	err := guarded(ctx, function, run)
	if err != nil && errors.Is(context.Cause(ctx), ErrLostRun) {
		return ErrLostRun
	}
	return err
}

func guarded(ctx context.Context, function Function, run interview.Run) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in %s: %v\n%s", run.Function, r, debug.Stack())
		}
	}()
	return function.Run(ctx, run)
}

func (e *Engine) heartbeat(ctx context.Context, cancel context.CancelCauseFunc, run interview.Run) {
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
		if err := e.config.Ledger.Heartbeat(ctx, run); errors.Is(err, ErrLostRun) {
			cancel(ErrLostRun)
			return
		}
	}
}

// settle writes what came of an attempt. interrupted says that we stopped it ourselves.
func (e *Engine) settle(ctx context.Context, run interview.Run, err error, interrupted bool) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	until, mustWait := WaitUntil(err)
	switch {
	case err == nil:
		return outcome{state: settled, run: run}, e.config.Ledger.EndRun(ctx, run)
	case errors.Is(err, ErrLostRun):
		return outcome{state: settled, run: run}, nil
	case mustWait:
		return e.postpone(ctx, outcome{state: waits, run: run, until: until}, err.Error())
	case interrupted:
		return e.postpone(ctx, outcome{state: waits, run: run, until: e.config.Now()}, "stopped: "+err.Error())
	case IsPermanent(err), GivenUp(run):
		return known(outcome{state: dead, run: run, err: err}, e.config.Ledger.FailRun(ctx, run, err.Error()))
	}
	return e.postpone(ctx, outcome{state: tryAgain, run: run, until: e.config.Now().Add(backoff(run)), err: err}, err.Error())
}

// postpone puts the run back to waiting. On River the job that called stays, and is told when to come again. Inngest
// calls again after a failed attempt only, and a bounded number of times: for a run that waits, an event is sent anew.
func (e *Engine) postpone(ctx context.Context, o outcome, reason string) (outcome, error) {
	p := Postponement{Until: o.until, Reason: reason, Counts: o.state == tryAgain}
	if e.inngest != nil {
		p.Resend = o.state == waits
		if o.state == tryAgain {
			p.BeginBy = o.until.Add(lostEventAfter)
		}
	}
	return known(o, e.config.Ledger.PostponeRun(ctx, o.run, p))
}

// known makes nothing of a run that another attempt has taken: it is not ours to report on.
func known(o outcome, err error) (outcome, error) {
	if errors.Is(err, ErrLostRun) {
		return outcome{state: settled, run: o.run}, nil
	}
	return o, err
}
