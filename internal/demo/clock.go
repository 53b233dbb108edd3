package demo

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

// The time zones of the demo's contacts, and when people may be called there.
const (
	daytimeZone = "America/New_York"
	nightZone   = "Asia/Tokyo"
	opens       = "09:00"
	closes      = "20:00"
)

// begins is the hour in daytimeZone at which a demo begins. In nightZone it is about midnight then.
const begins = 10

// ahead is how far the clock is moved forward at most: who is busy in the morning is called again in the afternoon.
const ahead = 7 * time.Hour

// clock is the time of the demo: it runs as that of this machine does, but begins at the same hour each day, and is moved forward
// to the second attempt. It is never ahead of the machine's.
type clock struct{ behind atomic.Int64 }

// newClock returns a clock that shows the beginning of a demo.
func newClock(now time.Time) (*clock, error) {
	start, err := beginning(now)
	if err != nil {
		return nil, err
	}
	c := &clock{}
	c.behind.Store(int64(now.Sub(start)))
	return c, nil
}

// beginning is the hour of the latest day at which a demo began that is over by now.
func beginning(now time.Time) (time.Time, error) {
	zone, err := time.LoadLocation(daytimeZone)
	if err != nil {
		return time.Time{}, fmt.Errorf("loading the time zone of the demo: %w", err)
	}
	local := now.In(zone)
	start := time.Date(local.Year(), local.Month(), local.Day(), begins, 0, 0, 0, zone)
	for now.Sub(start) < ahead+time.Hour {
		start = start.AddDate(0, 0, -1)
	}
	return start, nil
}

// Now is the time of the demo.
func (c *clock) Now() time.Time { return time.Now().Add(-time.Duration(c.behind.Load())) }

// forwardTo moves the clock to a time.
func (c *clock) forwardTo(t time.Time) {
	if left := t.Sub(c.Now()); left > 0 {
		c.behind.Add(-int64(left))
	}
}

const (
	// firstLook is how long after the calls Twilio is asked for their recordings: the longest of them is over a minute before.
	firstLook = 5 * time.Minute
	// looksApart is how far apart the checks of a call are at most until that is proven, and less than a check of it may take.
	looksApart = time.Minute
	// stalled is how often it is asked when the next check is before a longer pause is taken for one.
	stalled = 50
)

// proveNoRecordings moves the clock from check to check until it is proven of each call without consent that Twilio has no recording of it.
// If the clock went on by hours at once, the proofs would be long overdue.
func (r *run) proveNoRecordings(ctx context.Context) error {
	start := r.clock.Now()
	r.clock.forwardTo(start.Add(firstLook))
	for asked := 0; ; asked++ {
		_, check, err := r.app.Store().NextDue(ctx)
		if err != nil {
			return err
		}
		now := r.clock.Now()
		switch {
		case check.IsZero() || check.Sub(start) > time.Hour: // it asks rarely of what does not come
			return nil
		case check.After(now) && (check.Sub(now) <= looksApart || asked > stalled):
			r.clock.forwardTo(check)
			asked = 0
		}
		if err := e2e.Wait(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// inZone is a time by the clock of a zone.
func inZone(t time.Time, name string) (time.Time, error) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.Time{}, fmt.Errorf("loading the time zone of a contact: %w", err)
	}
	return t.In(zone), nil
}
