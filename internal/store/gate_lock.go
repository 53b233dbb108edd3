package store

import (
	"context"
	"fmt"
)

// changeGate takes the row of the gate, as a transaction does that changes the do-not-call list or the stops, and holds it until it
// ends. Whoever writes an intent to dial takes it before it looks at them, so after the commit of this transaction no intent is
// written that it forbids. It must be the last lock that a transaction takes.
func (tx *Tx) changeGate(ctx context.Context) error {
	if _, err := tx.Exec(ctx, `UPDATE gate SET changed_at = $1 WHERE id = 1`, tx.Now); err != nil {
		return fmt.Errorf("taking the gate: %w", err)
	}
	return nil
}
