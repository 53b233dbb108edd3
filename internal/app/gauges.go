package app

import (
	"context"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/telemetry"
)

const (
	// gaugesEvery is how often the database is read for metrics: a scrape shows what was read last.
	gaugesEvery = 10 * time.Second
	// gaugesWithin is how long the database may take before it counts as away.
	gaugesWithin = 5 * time.Second
)

// readGauges reads the database for metrics, again and again, until ctx ends. What it cannot read is not shown; the log hears
// of a lost database from others.
func (a *App) readGauges(ctx context.Context) error {
	var cursor store.GaugeCursor
	return keepLooking(ctx, gaugesEvery, func(ctx context.Context) bool { return a.readGaugesOnce(ctx, &cursor) })
}

func (a *App) readGaugesOnce(ctx context.Context, cursor *store.GaugeCursor) (read bool) {
	reading, cancel := context.WithTimeout(ctx, gaugesWithin)
	defer cancel()
	gauges, err := a.store.Gauges(reading, cursor)
	switch {
	case err == nil:
		a.telemetry.Database(shown(gauges))
		a.health.Measure(ctx, a.store, &gauges)
	case ctx.Err() == nil:
		a.telemetry.Database(nil)
		a.health.Measure(ctx, a.store, nil)
	}
	return err == nil
}

// shown are the gauges with a 0 where there is nothing, so that a series does not end when it gets better.
func shown(g store.Gauges) *telemetry.DatabaseGauges {
	to := &telemetry.DatabaseGauges{
		Backlog: g.Backlog, ReconcilerLag: g.ReconcilerLag, Stops: g.Stops, DoNotCall: g.DoNotCall,
		Contacts: map[string]int{}, DeadRuns: map[string]int{}, OpenCalls: map[string]int{}, QueueJobs: map[[2]string]int{},
	}
	for _, function := range interview.Functions() {
		to.DeadRuns[string(function)] = 0
		for _, state := range []string{"available", "running", "scheduled", "retryable"} {
			to.QueueJobs[[2]string{jobs.Queue(function), state}] = 0
		}
	}
	for _, status := range interview.CallStatuses() {
		if !status.Terminal() {
			to.OpenCalls[string(status)] = 0
		}
	}
	for _, state := range interview.ContactStates() {
		to.Contacts[string(state)] = g.Contacts[state]
	}
	for function, n := range g.DeadRuns {
		to.DeadRuns[string(function)] = n
	}
	for status, n := range g.OpenCalls {
		to.OpenCalls[string(status)] = n
	}
	for of, n := range g.QueueJobs {
		to.QueueJobs[[2]string{of.Queue, of.State}] = n
	}
	return to
}

// callsChanged counts and traces the calls that have another status.
func (a *App) callsChanged(changes []store.CallChange) {
	for _, change := range changes {
		if change.Call.Simulated { // it counts nowhere
			continue
		}
		a.telemetry.Call(change.Call.Status)
		if change.Call.Status.Terminal() {
			a.telemetry.CallEnded(change.Call)
		}
	}
}
