package jobs

import (
	"math/rand/v2"
	"sync"
	"time"
)

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
	pause = halfJitter(min(time.Second<<min(o.failures, 10), sendAgainWithin))
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

// halfJitter is the longer half of a pause, and a random part of the other, so that not everybody comes back at once.
func halfJitter(pause time.Duration) time.Duration {
	return pause/2 + rand.N(pause/2+1)
}
