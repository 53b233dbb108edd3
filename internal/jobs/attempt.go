package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/i-agent/iagent/internal/fault"
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
	// fault is the function's, for dead.
	fault fault.Fault
}

// outcomeState is one of the constants below.
type outcomeState int

const (
	settled   outcomeState = iota // there is nothing left to do
	elsewhere                     // another attempt is running, with a fresh heartbeat
	waits                         // the run goes on later, by another event on Inngest
	tryAgain                      // the attempt failed, and whoever called the run does so again
	dead                          // the attempt failed, and there is no other
)

// attempt calls a run: it takes it from the ledger, calls its function under a heartbeat, and writes what came of it into
// the ledger. Whoever calls only learns when to call again. An error is a fault of the ledger.
//
// An attempt ends by itself, after attemptTimeout, or when the engine stops; not when its caller stops waiting.
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
	begun, result := e.config.Now(), Result{}
	if e.config.Trace != nil {
		traced, end := e.config.Trace(ctx, run)
		defer func() { end(result) }()
		ctx = traced
	}
	err = e.call(ctx, run)
	result = e.resultOf(run, err, e.attempts.Err() != nil)
	if e.config.OnAttempt != nil {
		e.config.OnAttempt(run, result, e.config.Now().Sub(begun))
	}
	return e.settle(context.WithoutCancel(ctx), run, result)
}

// call runs the function while its heartbeat goes on. A run that was taken over loses its context.
func (e *Engine) call(ctx context.Context, run interview.Run) error {
	function, ok := e.functions[run.Function]
	if !ok {
		return Permanent(fault.Named(fmt.Errorf("there is no function %s", run.Function)))
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
	err := callRecovering(ctx, function, run)
	if err != nil && errors.Is(context.Cause(ctx), ErrLostRun) {
		return ErrLostRun
	}
	return err
}

func callRecovering(ctx context.Context, function Function, run interview.Run) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.Panicked(r, debug.Stack())
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

// settle writes what came of an attempt. Of an error it writes what may be stored; what a service said goes where an erasure
// of the call finds it.
func (e *Engine) settle(ctx context.Context, run interview.Run, r Result) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if r.Fault.Words != "" && (r.Outcome == Failed || r.Outcome == Retried) {
		// They only help whoever looks: without them the run is settled all the same.
		_ = e.config.Ledger.KeepWords(ctx, run, r.Fault.Words)
	}
	o := outcome{run: run, until: r.Until, fault: r.Fault}
	switch r.Outcome {
	case Done:
		return o, e.config.Ledger.EndRun(ctx, run)
	case Lost:
		return o, nil
	case Failed:
		o.state = dead
		return unlessLost(o, e.config.Ledger.FailRun(ctx, run, r.Reason))
	case Retried:
		o.state = tryAgain
		if r.Fault.Class == fault.Transient {
			// Inngest calls a bounded number of times for one event.
			o.state = waits
		}
	default:
		o.state = waits
	}
	p := Postponement{
		Until: r.Until, Reason: r.Reason, Counts: r.Outcome == Retried,
		Transient: r.Outcome == Retried && r.Fault.Class == fault.Transient, Waited: r.Outcome == Waiting,
	}
	return e.postpone(ctx, o, p)
}

// postpone puts the run back to waiting. On River the job that called stays, and is told when to come again. Inngest
// calls again after a failed attempt only, and a bounded number of times: for a run that waits, an event is sent anew.
func (e *Engine) postpone(ctx context.Context, o outcome, p Postponement) (outcome, error) {
	if e.inngest != nil {
		p.Resend = o.state == waits
		if o.state == tryAgain {
			p.BeginBy = o.until.Add(lostEventAfter)
		}
	}
	return unlessLost(o, e.config.Ledger.PostponeRun(ctx, o.run, p))
}

// unlessLost drops the outcome of an attempt whose run another one has taken over: that one reports on it.
func unlessLost(o outcome, err error) (outcome, error) {
	if errors.Is(err, ErrLostRun) {
		return outcome{state: settled, run: o.run}, nil
	}
	return o, err
}
