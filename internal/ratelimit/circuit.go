package ratelimit

import (
	"sync"
	"time"
)

// coolDown is how long a server that failed is left alone.
const coolDown = 5 * time.Second

// circuit keeps requests from waiting for a server that is known to be away. It opens at the first failure; from then on
// one request in coolDown tries again, until one succeeds. The zero value is closed.
type circuit struct {
	mu    sync.Mutex
	open  bool
	retry time.Time // while open: when the next one may try
}

// try says whether to ask the server now.
func (c *circuit) try(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open {
		return true
	}
	if now.Before(c.retry) {
		return false
	}
	c.retry = now.Add(coolDown) // this one tries, nobody else
	return true
}

// failed opens the circuit and says whether it was closed.
func (c *circuit) failed(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.open
	c.open, c.retry = true, now.Add(coolDown)
	return !was
}

// succeeded closes the circuit and says whether it was open.
func (c *circuit) succeeded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.open
	c.open = false
	return was
}
