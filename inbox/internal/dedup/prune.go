package dedup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// pruneBatch is how many rows one transaction of Prune changes at most: webhooks wait for no more than that.
const pruneBatch = 500

// Prune removes what is old: the payloads of events received before payloads (the body, of a GET the target), and all records of failures and conflicts of
// that age; and the ids themselves, with their answers, of events received before ids.
func (p *Processor[T]) Prune(ctx context.Context, payloads, ids time.Time) error {
	if ids.After(payloads) {
		return fmt.Errorf("pruning ids before %v and payloads before %v: an id must outlive its payload", ids, payloads)
	}
	if age := time.Since(ids); age < inbox.RepeatHorizon {
		return fmt.Errorf("pruning ids of the last %v: Twilio may send their webhooks again for %v", age.Round(time.Second), inbox.RepeatHorizon)
	}
	bodies, everything := timestamp(payloads), timestamp(ids)
	if err := pruneTable(ctx, p, int64(0), p.sql.pageOfEvents, []any{bodies, everything}, func(tx T, keys []any) error {
		if err := p.execOn(ctx, tx, keys, p.sql.deleteEvents, bodies, everything); err != nil {
			return err
		}
		if err := p.execOn(ctx, tx, keys, p.sql.emptyBodies, []byte{}, bodies); err != nil {
			return err
		}
		return p.execOn(ctx, tx, keys, p.sql.emptyTargets, bodies)
	}); err != nil {
		return fmt.Errorf("pruning events: %w", err)
	}
	// After the events: an id without its event is a duplicate without an answer, an event without its id could not be
	// accepted again.
	if err := pruneTable(ctx, p, "", p.sql.pageOfIDs, []any{everything}, func(tx T, keys []any) error {
		return p.execOn(ctx, tx, keys, p.sql.deleteIDs, everything)
	}); err != nil {
		return fmt.Errorf("pruning ids: %w", err)
	}
	return nil
}

// pruneTable goes through a table by its primary key, from the key after on. The statement page returns the next keys of
// rows to prune; it may read many rows before it finds them, so it runs outside of a transaction and no webhook waits for
// it. Each page is pruned in a transaction of its own, which looks at these rows only.
func pruneTable[T any, K int64 | string](ctx context.Context, p *Processor[T], after K, page string, args []any, prune func(tx T, keys []any) error) error {
	for {
		var keys []any
		err := p.backend.Query(ctx, page, append([]any{after}, args...), func(r Row) error {
			err := r.Scan(&after)
			keys = append(keys, after)
			return err
		})
		if err != nil || len(keys) == 0 {
			return err
		}
		if err := p.transact(ctx, func(tx T) error { return prune(tx, keys) }); err != nil {
			return err
		}
	}
}

// execOn runs a statement that ends in IN, on the rows with these keys.
func (p *Processor[T]) execOn(ctx context.Context, tx T, keys []any, statement string, args ...any) error {
	placeholders := make([]string, len(keys))
	for i := range keys {
		placeholders[i] = fmt.Sprintf("$%d", len(args)+i+1)
	}
	return p.backend.Exec(ctx, tx, statement+"("+strings.Join(placeholders, ", ")+")", append(args, keys...)...)
}
