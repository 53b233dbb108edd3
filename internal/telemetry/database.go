package telemetry

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// DatabaseGauges are what was read from the database.
type DatabaseGauges struct {
	// Backlog and ReconcilerLag are the ages of the oldest that waits, 0 for none.
	Backlog, ReconcilerLag time.Duration
	// DeadRuns are by function, OpenCalls by status, Contacts by state, QueueJobs by queue and state. What is 0 should be there.
	DeadRuns, OpenCalls, Contacts map[string]int
	QueueJobs                     map[[2]string]int
	// Stops are those in force, by scope: all, or campaign. DoNotCall is how many entries the do-not-call list has.
	Stops     map[string]int
	DoNotCall int
}

// database holds what was read last; a scrape shows it and waits for nothing. Nothing is shown before the first reading, and
// while the database is away only that.
type database struct {
	mu   sync.Mutex
	read bool
	last *DatabaseGauges // nil while the database is away
}

func newDatabase(meter metric.Meter) (*database, error) {
	d := &database{}
	var faults []error
	gauge := func(name, unit, description string) metric.Int64ObservableGauge {
		g, err := meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(description))
		faults = append(faults, err)
		return g
	}
	seconds := func(name, description string) metric.Float64ObservableGauge {
		g, err := meter.Float64ObservableGauge(name, metric.WithUnit("s"), metric.WithDescription(description))
		faults = append(faults, err)
		return g
	}
	up := gauge("iagent.database.up", "", "1 while the database answers, else 0.")
	dead := gauge("iagent.runs.dead", "{run}", "Runs that failed and are not tried again unless somebody asks for it, in the database.")
	open := gauge("iagent.calls.open", "{call}", "Calls that are not over, in the database, by status.")
	contacts := gauge("iagent.contacts", "{contact}", "Contacts of campaigns that call people, in the database, by state.")
	queue := gauge("iagent.queue.jobs", "{job}", "River's jobs that are not finished, in the database, by queue and state.")
	stops := gauge("iagent.stops.in_force", "{stop}", "Stops in force, by which nobody is called, of all campaigns or of one.")
	listed := gauge("iagent.do_not_call.entries", "{entry}", "Entries of the do-not-call list.")
	backlog := seconds("iagent.backlog.age", "How long the oldest run that is due, or the oldest webhook that failed and was not accepted since, has been waiting.")
	lag := seconds("iagent.reconciler.lag", "How long ago the oldest check of a call was due that the reconciler has not begun.")
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if !d.read {
			return nil
		}
		if d.last == nil {
			o.ObserveInt64(up, 0)
			return nil
		}
		o.ObserveInt64(up, 1)
		o.ObserveFloat64(backlog, d.last.Backlog.Seconds())
		o.ObserveFloat64(lag, d.last.ReconcilerLag.Seconds())
		o.ObserveInt64(listed, int64(d.last.DoNotCall))
		for scope, n := range d.last.Stops {
			o.ObserveInt64(stops, int64(n), metric.WithAttributes(attribute.String("scope", scope)))
		}
		for function, n := range d.last.DeadRuns {
			o.ObserveInt64(dead, int64(n), metric.WithAttributes(attribute.String("function", function)))
		}
		for status, n := range d.last.OpenCalls {
			o.ObserveInt64(open, int64(n), metric.WithAttributes(attribute.String("status", status)))
		}
		for state, n := range d.last.Contacts {
			o.ObserveInt64(contacts, int64(n), metric.WithAttributes(attribute.String("state", state)))
		}
		for of, n := range d.last.QueueJobs {
			o.ObserveInt64(queue, int64(n), metric.WithAttributes(attribute.String("queue", of[0]), attribute.String("state", of[1])))
		}
		return nil
	}, up, dead, open, contacts, queue, stops, listed, backlog, lag)
	return d, errors.Join(append(faults, err)...)
}

// Database takes in what was read from the database, nil when it does not answer. Labels are checked by the caller, who
// knows all functions, statuses and queues; what is too many is left out.
func (t *Telemetry) Database(gauges *DatabaseGauges) {
	if t == nil {
		return
	}
	if gauges != nil {
		bound(gauges.DeadRuns)
		bound(gauges.OpenCalls)
		bound(gauges.Contacts)
		bound(gauges.QueueJobs)
	}
	t.database.mu.Lock()
	defer t.database.mu.Unlock()
	t.database.read, t.database.last = true, gauges
}

// bound drops what is beyond any number of series that a program of ours makes.
func bound[K comparable](counts map[K]int) {
	for k := range counts {
		if len(counts) <= maxValues*8 {
			return
		}
		delete(counts, k)
	}
}
