package console_test

import (
	"sync/atomic"
	"time"
)

// clock is the time of a site, which a test sets while the site runs.
type clock struct{ at atomic.Pointer[time.Time] }

func newClock() *clock {
	c := &clock{}
	c.set(time.Now())
	return c
}

func (c *clock) now() time.Time   { return *c.at.Load() }
func (c *clock) set(to time.Time) { c.at.Store(&to) }
