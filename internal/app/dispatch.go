package app

import (
	"context"
	"log/slog"
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
	for {
		if _, err := a.dispatcher.Pass(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("dispatching contacts", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// gateRefused counts the refusals of the gate, and says once a minute that people are not called since their campaign waits: who has just
// asked for calls would wait without a word. Of who is refused for themselves the contact has the reason.
func (a *App) gateRefused(refusals map[interview.Refusal]store.Refused) {
	for r, n := range refusals {
		a.telemetry.GateRefused(string(r), n.People)
		if n.Waiting > 0 {
			a.counted.Log(context.Background(), slog.LevelInfo, "gate "+string(r), "people are not called now", slog.String("refusal", string(r)), slog.Int("people", n.Waiting))
		}
	}
}
