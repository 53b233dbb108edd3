package app

import (
	"context"
	"log/slog"
	"time"
)

// stopsEvery is how often stops are looked for that somebody has begun to carry out and not ended.
const stopsEvery = time.Second

// carryOutStops asks for the end of calls that a stop is to end and whoever stopped could not ask for: it was killed, or its database
// was away. It goes on until ctx ends.
func (a *App) carryOutStops(ctx context.Context) error {
	ticker := time.NewTicker(stopsEvery)
	defer ticker.Stop()
	for {
		if err := a.store.CarryOutStops(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("ending the calls of a stop", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
