package simulator

import (
	"context"
	"errors"
	"slices"
	"time"
)

// timeline is the virtual time of one call: what is due later, and when the person hangs up.
type timeline struct {
	agenda []appointment // sorted by time, then by the order in which they were made
	hangAt time.Time     // zero: not yet decided
}

// appointment is something that happens at a moment of the call, whatever is being said at that time.
type appointment struct {
	at time.Time
	do func(context.Context)
}

// Why a conversation ended, or was interrupted.
var (
	errHungUp  = errors.New("the person hung up")
	errEnded   = errors.New("the application hung up")
	errUpdated = errors.New("the call was changed over REST")
)

// at makes an appointment for d from now.
func (c *call) at(d time.Duration, do func(context.Context)) {
	a := appointment{at: c.now.Add(d), do: do}
	i, _ := slices.BinarySearchFunc(c.timeline.agenda, a, func(have, want appointment) int {
		if have.at.After(want.at) {
			return 1
		}
		return -1 // the same moment: after those made before
	})
	c.timeline.agenda = slices.Insert(c.timeline.agenda, i, a)
}

// advance lets d pass, keeping the appointments on the way. It stops early with errHungUp at the moment the
// person hangs up, with errUpdated when REST interrupts, and with the context's error when the simulator closes.
func (c *call) advance(ctx context.Context, d time.Duration) error {
	until := c.now.Add(d)
	for {
		c.runErrands(ctx)
		next, hung := until, false
		if hang := c.timeline.hangAt; !hang.IsZero() && !hang.After(next) {
			next, hung = later(hang, c.now), true
		}
		var due *appointment
		if len(c.timeline.agenda) > 0 && !c.timeline.agenda[0].at.After(next) {
			due = &appointment{at: later(c.timeline.agenda[0].at, c.now), do: c.timeline.agenda[0].do}
			next = due.at
			c.timeline.agenda = c.timeline.agenda[1:]
		}
		c.moveTo(ctx, next)
		switch {
		case due != nil && c.now.Before(next): // woken early: it is not due yet
			c.timeline.agenda = slices.Insert(c.timeline.agenda, 0, *due)
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

// drain keeps all appointments that are left, after the call.
func (c *call) drain(ctx context.Context) {
	for c.runErrands(ctx); len(c.timeline.agenda) > 0; c.runErrands(ctx) {
		a := c.timeline.agenda[0]
		c.timeline.agenda = c.timeline.agenda[1:]
		c.moveTo(ctx, later(a.at, c.now))
		a.do(ctx)
	}
}

// runErrands does what REST handlers and verbs have left for the caller to do.
func (c *call) runErrands(ctx context.Context) {
	var errands []func(context.Context)
	c.set(func() { errands, c.errands = c.errands, nil })
	for _, do := range errands {
		do(ctx)
	}
}

// moveTo sets the present moment; with a Speed, it takes as long as that says. REST cuts the wait short.
func (c *call) moveTo(ctx context.Context, t time.Time) {
	if speed := c.sim.config.Speed; speed > 0 && t.After(c.now) {
		began := time.Now()
		timer := time.NewTimer(time.Duration(float64(t.Sub(c.now)) / speed))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-c.changed:
			t = earlier(t, c.now.Add(time.Duration(float64(time.Since(began))*speed)))
		}
	}
	c.set(func() { c.now = t })
}

// interrupted says whether REST wants something of the call.
func (c *call) interrupted() bool {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	return c.update != nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
