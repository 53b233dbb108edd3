package demo

import (
	"fmt"
	"sync/atomic"
	"time"
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

// localClock is the clock in a zone, as HH:MM.
func localClock(t time.Time, name string) (string, error) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return "", fmt.Errorf("loading the time zone of a contact: %w", err)
	}
	return t.In(zone).Format("15:04"), nil
}
