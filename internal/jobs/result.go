package jobs

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
)

const (
	// GiveUpAfter is how long a run whose attempts fail for a service that is away is tried, from its first failed attempt on.
	// Somebody who retries a dead run gives it as long again.
	GiveUpAfter = 24 * time.Hour
	// MaxBackoff bounds the pause between two attempts, so that a service that is back is used within minutes.
	MaxBackoff = 4 * time.Minute
	// maxRetryAfter bounds the pause that a service asks for.
	maxRetryAfter = 10 * time.Minute
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

// judge says what comes of an attempt that ended with err. interrupted says that we stopped it ourselves.
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

// transientBackoff is the pause of a run that has been failing for so long: 2 s, 10 s, 50 s, then MaxBackoff.
func transientBackoff(failing time.Duration) time.Duration {
	if failing >= MaxBackoff {
		return MaxBackoff
	}
	return min(2*time.Second+4*max(failing, 0), MaxBackoff)
}

// jitter takes up to a quarter off a pause, so that the runs that failed together do not come back together.
func (e *Engine) jitter(pause time.Duration) time.Duration {
	random := rand.Float64
	if e.config.Jitter != nil {
		random = e.config.Jitter
	}
	return pause - time.Duration(random()*float64(pause)/4)
}
