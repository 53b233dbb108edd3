package reconcile

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/twilio"
)

const (
	// triesPerCall is how often a busy Twilio is asked about one call, with pauses of 1, 2, 4 and 8 s between, or as long as its
	// answer asks for.
	triesPerCall = 5
	firstPause   = time.Second
	// pausesPerRun bounds all pauses of one run together: a Twilio that stays busy for so long is left to the next run.
	pausesPerRun = 2 * time.Minute
)

// patience repeats requests of one run while Twilio is busy.
type patience struct {
	wait func(context.Context, time.Duration) error
	left time.Duration // of pausesPerRun; 0 once about a call nothing at all was answered: nobody may be there
}

func (r *Reconciler) newPatience() *patience { return &patience{r.config.Wait, pausesPerRun} }

// try asks until Twilio is not busy, at most triesPerCall times and while there is time left for the pauses.
func (p *patience) try(ctx context.Context, ask func() error) error {
	for n := 1; ; n++ {
		err := ask()
		pause := pauseAfter(err, n)
		if n == triesPerCall && silent(err) {
			p.left = 0
		}
		if pause == 0 || n == triesPerCall || pause > p.left || ctx.Err() != nil {
			return err
		}
		p.left -= pause
		if waited := p.wait(ctx, pause); waited != nil {
			return errors.Join(err, waited)
		}
	}
}

// pauseAfter is how long to wait after the answer to try n, 0 when it need not be asked again: only a busy Twilio, or one that does not
// answer, may say something else soon.
func pauseAfter(err error, n int) time.Duration {
	var e *twilio.Error
	if !errors.As(err, &e) || !e.Throttled() && e.Status != 0 && e.Status != http.StatusRequestTimeout && e.Status < 500 {
		return 0
	}
	return max(firstPause<<(n-1), e.RetryAfter)
}

// silent reports whether no answer came.
func silent(err error) bool {
	var e *twilio.Error
	return errors.As(err, &e) && e.Status == 0
}

// wait waits for a pause.
func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
