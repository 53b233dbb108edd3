package jobs

import (
	"errors"
	"time"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
)

// Outcome is what came of an attempt.
type Outcome string

// The outcomes of an attempt.
const (
	Done    Outcome = "done"
	Waiting Outcome = "waiting" // the run must not go on yet; the attempt does not count
	Stopped Outcome = "stopped" // by us, with the program; the attempt does not count
	Lost    Outcome = "lost"    // another attempt has taken over
	Retried Outcome = "retried" // the attempt failed, and there is another one
	Failed  Outcome = "failed"  // the attempt failed, and there is no other: the run is dead
)

// Result is what came of an attempt, and why. It holds words of others in Fault.Words only.
type Result struct {
	Outcome Outcome
	Fault   fault.Fault
	// Reason is the line that the ledger keeps, "" for Done and Lost.
	Reason string
	// Until is when the run goes on, for Waiting, Stopped and Retried.
	Until time.Time
}

// resultOf says what comes of an attempt that ended with err. interrupted says that we stopped it ourselves.
func (e *Engine) resultOf(run interview.Run, err error, interrupted bool) Result {
	now := e.config.Now()
	if err == nil {
		return Result{Outcome: Done}
	}
	if errors.Is(err, ErrLostRun) {
		return Result{Outcome: Lost}
	}
	var wait *waitError
	if errors.As(err, &wait) {
		return Result{Outcome: Waiting, Reason: wait.Error(), Until: wait.until}
	}
	r := Result{Outcome: Retried, Fault: fault.Of(err)}
	r.Reason = r.Fault.String()
	switch {
	case interrupted:
		r.Outcome, r.Reason, r.Until = Stopped, "stopped: "+r.Reason, now
	case r.Fault.Class == fault.Permanent, r.Fault.Class == fault.Unclear && GivenUp(run):
		r.Outcome = Failed
	case r.Fault.Class == fault.Transient:
		failing := time.Duration(0)
		if run.FailingSince != nil {
			failing = now.Sub(*run.FailingSince)
		}
		if failing >= GiveUpAfter {
			r.Outcome = Failed
			break
		}
		pause := max(e.jitter(transientBackoff(failing)), min(r.Fault.RetryAfter, maxRetryAfter))
		r.Until = now.Add(pause)
	default:
		r.Until = now.Add(max(backoff(run), min(r.Fault.RetryAfter, maxRetryAfter)))
	}
	return r
}
