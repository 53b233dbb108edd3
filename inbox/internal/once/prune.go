package once

import (
	"context"
	"fmt"
	"time"
)

// Prune forgets what is old: the payloads of events received before payloads, and all records of failures and conflicts
// of that age; and the ids themselves, with their answers, of events received before ids. After that the event would
// take effect again: Twilio's signature has no time in it, so ids are kept longer than anybody could keep a request.
func (l *Ledger[T]) Prune(ctx context.Context, payloads, ids time.Time) error {
	if ids.After(payloads) {
		return fmt.Errorf("pruning ids before %v and payloads before %v: an id must outlive its payload", ids, payloads)
	}
	return l.transact(ctx, func(tx T) error {
		for _, s := range []struct {
			query string
			args  []any
		}{
			{`DELETE FROM inbox_events WHERE received_at < $1 AND outcome <> 'accepted'`, []any{timestamp(payloads)}},
			{`UPDATE inbox_events SET body = $1 WHERE received_at < $2 AND body <> $1`, []any{[]byte{}, timestamp(payloads)}},
			{`DELETE FROM inbox_events WHERE received_at < $1`, []any{timestamp(ids)}},
			{`DELETE FROM webhook_dedup WHERE "receivedAt" < $1`, []any{timestamp(ids)}},
		} {
			if err := l.backend.Exec(ctx, tx, s.query, s.args...); err != nil {
				return fmt.Errorf("pruning: %w", err)
			}
		}
		return nil
	})
}
