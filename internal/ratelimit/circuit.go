package ratelimit

import (
	"sync"
	"time"
)

// coolDown is how long a server that failed is left alone.
const coolDown = 5 * time.Second

// circuit keeps requests from waiting for a server that is known to be away. It opens at the first failure; from then on
// one request in coolDown tries again, until one of these succeeds. Answers to requests that were sent before it opened say nothing
// about the server now, so however many are on their way, one failure and one return are seen. The zero value is closed.
type circuit struct {
	mu    sync.Mutex
	open  bool
	retry time.Time // while open: when the next one may try
	since time.Time // while open: since when
	times int       // how often it was opened
}

// attempt is one request to the server: how often the circuit had been opened before it.
type attempt int

// try says whether to ask the server now.
func (c *circuit) try(now time.Time) (attempt, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open {
		return attempt(c.times), true
	}
	if now.Before(c.retry) {
		return 0, false
	}
	c.retry = now.Add(coolDown) // this one tries, nobody else
	return attempt(c.times), true
}

// failed opens the circuit and says whether it was closed. A failure of before the circuit closed is none any more.
func (c *circuit) failed(a attempt, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.open:
		c.retry = now.Add(coolDown)
		return false
	case int(a) != c.times:
		return false
	}
	c.open, c.retry, c.since = true, now.Add(coolDown), now
	c.times++
	return true
}

// succeeded closes the circuit, and says whether it was open and for how long.
func (c *circuit) succeeded(a attempt, now time.Time) (away time.Duration, was bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open || int(a) != c.times {
		return 0, false
	}
	c.open = false
	return now.Sub(c.since), true
}
