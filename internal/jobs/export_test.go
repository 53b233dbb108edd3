package jobs

import "context"

// BeginWithin and SameURL are for tests.
var (
	BeginWithin = beginWithin
	SameURL     = sameURL
)

// Attempt calls a run once, whenever it is due.
func (e *Engine) Attempt(ctx context.Context, runID string) error {
	_, err := e.attempt(ctx, runID)
	return err
}
