package jobs

import "context"

// Patience is how long Inngest may take to begin a run.
var Patience = patience

// Attempt calls a run once, whenever it is due.
func (e *Engine) Attempt(ctx context.Context, runID string) error {
	_, err := e.attempt(ctx, runID)
	return err
}
