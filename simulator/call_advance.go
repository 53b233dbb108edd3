package simulator

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Why a conversation ended, or was interrupted.
var (
	errHungUp  = errors.New("the person hung up")
	errEnded   = errors.New("the application hung up")
	errUpdated = errors.New("the call was changed over REST")
)

// advance lets d pass and does what is scheduled in it. It stops early with errHungUp at the moment the person hangs up,
// with errUpdated when a REST request changes the call, and with the context's error when the simulator closes.
func (c *call) advance(ctx context.Context, d time.Duration) error {
	until := c.now.Add(d)
	for {
		c.runPending(ctx)
		next, hung := until, false
		if !c.hangAt.IsZero() && !c.hangAt.After(next) {
			next, hung = later(c.hangAt, c.now), true
		}
		var due *scheduled
		if len(c.scheduled) > 0 && !c.scheduled[0].at.After(next) {
			due = &scheduled{at: later(c.scheduled[0].at, c.now), do: c.scheduled[0].do}
			next = due.at
			c.scheduled = c.scheduled[1:]
		}
		c.moveTo(ctx, next)
		switch {
		case due != nil && c.now.Before(next): // woken early: it is not due yet
			c.scheduled = slices.Insert(c.scheduled, 0, *due)
		case due != nil:
			due.do(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case c.interrupted():
			return errUpdated
		case due != nil:
			continue
		case hung:
			return errHungUp
		default:
			return nil
		}
	}
}

// interrupted says whether a REST request waits to change the call.
func (c *call) interrupted() bool {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	return c.update != nil
}
