package dedup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// pruneBatch is how many rows one transaction of Prune changes at most: webhooks wait for no more than that.
const pruneBatch = 500

// Prune forgets what is old: the payloads of events received before payloads, and all records of failures and conflicts of
// that age; and the ids themselves, with their answers, of events received before ids.
func (p *Processor[T]) Prune(ctx context.Context, payloads, ids time.Time) error {
	if ids.After(payloads) {
		return fmt.Errorf("pruning ids before %v and payloads before %v: an id must outlive its payload", ids, payloads)
	}
	if age := time.Since(ids); age < inbox.RepeatHorizon {
		return fmt.Errorf("pruning ids of the last %v: Twilio may send their webhooks again for %v", age.Round(time.Second), inbox.RepeatHorizon)
	}
	bodies, everything := timestamp(payloads), timestamp(ids)
	if err := pruneTable(ctx, p, int64(0), p.sql.pageOfEvents, []any{bodies, everything}, func(tx T, after, last int64) error {
		if err := p.backend.Exec(ctx, tx, p.sql.deleteEvents, after, last, bodies, everything); err != nil {
			return err
		}
		return p.backend.Exec(ctx, tx, p.sql.forgetBodies, []byte{}, after, last, bodies)
	}); err != nil {
		return fmt.Errorf("pruning events: %w", err)
	}
	// After the events: an id without its event is a duplicate without an answer, an event without its id could not be
	// accepted again.
	if err := pruneTable(ctx, p, "", p.sql.pageOfIDs, []any{everything}, func(tx T, after, last string) error {
		return p.backend.Exec(ctx, tx, p.sql.deleteIDs, after, last, everything)
	}); err != nil {
		return fmt.Errorf("pruning ids: %w", err)
	}
	return nil
}

// pruneTable goes through a table by its primary key, from the key after on, with a transaction for each page. The
// statement page returns the last key of the next one.
func pruneTable[T any, K int64 | string](ctx context.Context, p *Processor[T], after K, page string, args []any, prune func(tx T, after, last K) error) error {
	for {
		var none, last K
		err := p.transact(ctx, func(tx T) error {
			if _, err := p.backend.QueryRow(ctx, tx, page, append([]any{after}, args...), &last); err != nil {
				return err
			}
			if last == none {
				return errNothingToCommit
			}
			return prune(tx, after, last)
		})
		if errors.Is(err, errNothingToCommit) {
			return nil
		}
		if err != nil {
			return err
		}
		after = last
	}
}
