package jobs

import (
	"cmp"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

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

// attemptsAllowed is the attempt at which a run is given up.
func attemptsAllowed(run interview.Run) int { return cmp.Or(run.AttemptsAllowed, MaxAttempts) }

// GivenUp reports whether a run has no attempt left, unless what failed it is transient.
func GivenUp(run interview.Run) bool { return run.Attempt >= attemptsAllowed(run) }

// Backoff is how long a run waits after its n-th failed attempt: 2 s, 10 s, 50 s.
func Backoff(attempt int) time.Duration {
	delay := 2 * time.Second
	for range min(attempt, 6) - 1 {
		delay *= 5
	}
	return delay
}

// backoff is the wait after the run's last attempt; a retry of a dead run begins anew.
func backoff(run interview.Run) time.Duration {
	return Backoff(run.Attempt - (attemptsAllowed(run) - MaxAttempts))
}

// ledgerPause is how long to wait when the ledger could not be reached.
const ledgerPause = 10 * time.Second

// NextRetry is when River calls again whose worker it took for dead. River's own policy waits for hours after some of them,
// and a long attempt looks to it like a dead worker.
func (w *worker) NextRetry(*river.Job[RunArgs]) time.Time { return time.Now().Add(riverJobTimeout) }

// NextRetry is the same for an event that could not be sent because the ledger could not be reached.
func (s *sender) NextRetry(*river.Job[RunArgs]) time.Time { return time.Now().Add(riverJobTimeout) }
