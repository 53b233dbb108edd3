package jobs

import "context"

// Patience and SameURL are for tests.
var (
	Patience = patience
	SameURL  = sameURL
)

// Attempt calls a run once, whenever it is due.
func (e *Engine) Attempt(ctx context.Context, runID string) error {
	_, err := e.attempt(ctx, runID)
	return err
}
