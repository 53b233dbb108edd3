package store

import (
	"context"
	"fmt"
)

// holdGate takes the row of the gate and holds it until the transaction ends, as whoever writes an intent to dial does before it looks
// at the do-not-call list and the stops. It must be the last lock that a transaction takes.
func (tx *Tx) holdGate(ctx context.Context) error {
	if err := tx.QueryRow(ctx, `UPDATE gate SET seq = seq + 1 WHERE id = 1 RETURNING seq`).Scan(&tx.gateSeq); err != nil {
		return fmt.Errorf("holding the gate: %w", err)
	}
	return nil
}

// changeGate is holdGate for a transaction that changes the do-not-call list or the stops: after its commit no intent is written that it
// forbids. It keeps when that was.
func (tx *Tx) changeGate(ctx context.Context) error {
	err := tx.QueryRow(ctx, `UPDATE gate SET changed_at = $1, seq = seq + 1 WHERE id = 1 RETURNING seq`, tx.Now).Scan(&tx.gateSeq)
	if err != nil {
		return fmt.Errorf("changing what the gate looks at: %w", err)
	}
	return nil
}
