package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// recordUnaccepted keeps a delivery that did not take effect, and nothing of its payload when its call is erased at the same moment.
//
// While this transaction holds the call's row, an erasure waits and then finds what was kept. When somebody else holds the row, it
// may be an erasure that has looked for payloads already: what is kept is looked at again once the row is free. Nobody waits for
// that, since what failed may have failed because the row was held.
func (s *Store) recordUnaccepted(ctx context.Context, d *delivery, keep func(tx *Tx) error) error {
	free := s.dialect.skipLockedShared == ""
	err := s.write(ctx, func(tx *Tx) error {
		if lock := s.dialect.skipLockedShared; lock != "" {
			free = false
			err := collect(ctx, tx, func(row) error {
				free = true
				return nil
			}, `SELECT 1 FROM calls WHERE id = $1`+lock, d.event.Subject)
			if err != nil {
				return fmt.Errorf("locking call %s: %w", d.event.Subject, err)
			}
		}
		return keep(tx)
	})
	if err != nil || free {
		return err
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetWithin)
		defer cancel()
		// An error means that the database is away or the row was held for longer than any erasure takes.
		_ = s.forgetErased(ctx, d.event)
	}()
	return nil
}

// forgetWithin bounds how long an event that did not take effect waits for its call's row, to be looked at again.
const forgetWithin = 10 * time.Second

// forgetErased drops the payload of an event that did not take effect, when its call is erased by the time that nobody holds it.
func (s *Store) forgetErased(ctx context.Context, event *inbox.Event) error {
	return s.write(ctx, func(tx *Tx) error {
		stmts := tx.newStmtBatch()
		stmts.exec("locking the call", `SELECT 1 FROM calls WHERE id = $1`+s.dialect.lockShared, event.Subject)
		if err := stmts.run(ctx); err != nil {
			return err
		}
		var ids []string
		err := collect(ctx, tx, func(r row) error {
			var id string
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		}, `SELECT id FROM webhook_events WHERE event_id = $1 AND `+notAccepted+` AND body IS NOT NULL`, event.ID)
		if err != nil {
			return err
		}
		stmts = tx.newStmtBatch()
		for _, id := range ids {
			stmts.forgetUnaccepted(id)
		}
		return stmts.run(ctx)
	})
}
