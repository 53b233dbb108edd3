package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Outage says once that a service is lost and once that it is back, with the time between, however many requests are made
// meanwhile. It is safe for concurrent use.
type Outage struct {
	log     *slog.Logger
	level   slog.Level
	service string
	enough  int
	lasting time.Duration

	mu    sync.Mutex
	fails int // without an answer between them
	since time.Time
	lost  bool
}

// NewOutage returns an Outage of the service of that name, such as "database". It is lost after so many failures in a row over
// so long a time, which is said at that level.
func NewOutage(log *slog.Logger, level slog.Level, service string, failures int, lasting time.Duration) *Outage {
	return &Outage{log: log, level: level, service: service, enough: failures, lasting: lasting}
}

// Failed takes in that the service was not there at a time. The attributes belong to the line that says so.
func (o *Outage) Failed(at time.Time, attrs ...slog.Attr) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fails++; o.fails == 1 {
		o.since = at
	}
	if !o.lost && o.fails >= o.enough && at.Sub(o.since) >= o.lasting {
		o.lost = true
		o.log.LogAttrs(context.Background(), o.level, o.service+" lost", attrs...)
	}
}

// Answered takes in that it answered, and reports whether it had been lost.
func (o *Outage) Answered(at time.Time, attrs ...slog.Attr) (lost bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if lost = o.lost; lost {
		attrs = append([]slog.Attr{slog.Duration("after", at.Sub(o.since).Round(time.Millisecond))}, attrs...)
		o.log.LogAttrs(context.Background(), slog.LevelInfo, o.service+" is back", attrs...)
	}
	o.fails, o.lost = 0, false
	return lost
}
