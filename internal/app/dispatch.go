package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/i-agent/iagent/internal/interview"
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

// gateRefused counts the refusals of the gate, and says once a minute that people are not called for such a reason: who has just asked for
// calls would wait without a word.
func (a *App) gateRefused(refusals map[interview.Refusal]int) {
	for r, n := range refusals {
		a.telemetry.GateRefused(string(r), n)
		a.counted.Log(context.Background(), slog.LevelInfo, "gate "+string(r), "people are not called now", slog.String("refusal", string(r)), slog.Int("people", n))
	}
}
