package app

import (
	"context"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// dispatchEvery is how often contacts are looked for that are due, and calls that are over.
const dispatchEvery = time.Second

// dispatch makes calls of the contacts that are due, again and again, until ctx ends; at the start, too. The log hears of a lost
// database from others.
func (a *App) dispatch(ctx context.Context) error {
	ticker := time.NewTicker(dispatchEvery)
	defer ticker.Stop()
	dispatcher := store.NewDispatcher(a.store)
	for {
		if _, err := dispatcher.Pass(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("dispatching contacts", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// gateRefused counts the refusals of the gate.
func (a *App) gateRefused(refusals map[interview.Refusal]int) {
	for r, n := range refusals {
		a.telemetry.GateRefused(string(r), n)
	}
}
