package jobs

import "context"

// Call makes one attempt at a run now, without River, and returns when what came of it is in the ledger. It is for whoever decides by
// another clock than River's when a run is due. An error is a fault of the ledger, or says that the engine stops.
func (e *Engine) Call(ctx context.Context, runID string) error {
	_, err := e.attempt(ctx, runID)
	return err
}
