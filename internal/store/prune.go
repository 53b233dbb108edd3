package store

import (
	"context"
	"fmt"
	"time"
)

// Periods say how long each kind of data is kept. Zero keeps it for ever.
type Periods struct {
	// Payloads is for what Twilio sent and models answered, IDs for event ids, their events, and what is still needed to
	// replay a failed event.
	Payloads, IDs time.Duration
	// Rejections is for requests that were refused without a valid signature, Audit for the operators' log.
	Rejections, Audit time.Duration
}

const (
	// maxPruneBatch is how many rows one transaction of Prune changes at most.
	maxPruneBatch = 500
	// prunePage is how many rows are read at once to find those that are to be pruned. Reading holds up no writer.
	prunePage = 2000
	// A transaction of Prune that took longer than slowPrune makes the next ones half as large; after one that took less
	// than quickPrune they grow again.
	slowPrune, quickPrune = 25 * time.Millisecond, 10 * time.Millisecond
	minPruneBatch         = 10
)

// PruneOptions say what to prune. Periods is required.
type PruneOptions struct {
	Periods Periods
	// DryRun counts what would be pruned and changes nothing.
	DryRun bool
	// Quick leaves out the kinds for which a whole table must be read.
	Quick bool
	// OnBatch, if set, is called after every transaction, or with DryRun after every page, with what was pruned in it. Its
	// error ends the pass.
	OnBatch func(kind PruneCount) error
}

// PruneCount is what was pruned of one kind, or would be.
type PruneCount struct {
	// What names the kind, Table is where it lies.
	What  string `json:"what"`
	Table string `json:"table"`
	// Before is the time from before which it is pruned.
	Before time.Time `json:"before"`
	Rows   int       `json:"rows"`
	// Held are rows that are old enough and stay: their campaign has a legal hold.
	Held int `json:"held"`
}

// prunable is one kind of data that is kept for a time. What is to go is looked for outside of the transactions that remove
// it, page by page in the order of an index.
type prunable struct {
	what, table string
	period      func(Periods) time.Duration
	// page selects the next rows: key, 1 if a legal hold keeps the row, else 0, and unless byKey the time. $1 is the time
	// before which rows are pruned, $2 how many to read, $3 the key after which to go on and, unless byKey, $4 the time of that
	// row.
	page string
	// byKey says that the page is in the order of the key alone.
	byKey bool
	// unindexed says that the page has to read the whole table.
	unindexed bool
	// remove removes rows that are older than before, of those with these keys, and returns how many that were. It looks at the
	// condition again: what the page saw may have changed.
	remove func(ctx context.Context, tx *Tx, keys []string, before time.Time) (int, error)
}

// Prune removes what is older than its period, in small transactions with a pause after each that is as long as it took: so
// whoever else writes has at least half of the time. It may be called by several processes at once, and stopped at any point.
// The counts are right for what was removed also when the error is not nil.
func (s *Store) Prune(ctx context.Context, options PruneOptions) ([]PruneCount, error) {
	now, counts := s.now(), []PruneCount{}
	for _, kind := range s.prunables() {
		period := kind.period(options.Periods)
		if period <= 0 || options.Quick && kind.unindexed {
			continue
		}
		p := pruning{store: s, options: options, kind: kind, batch: maxPruneBatch / 5,
			count: PruneCount{What: kind.what, Table: kind.table, Before: now.Add(-period)}}
		err := p.run(ctx)
		counts = append(counts, p.count)
		if err != nil {
			s.scrubPruned(counts, options.DryRun)
			return counts, fmt.Errorf("pruning %s: %w", kind.what, err)
		}
	}
	s.scrubPruned(counts, options.DryRun)
	return counts, nil
}

// scrubPruned has what was pruned leave the database's log, too.
func (s *Store) scrubPruned(counts []PruneCount, dryRun bool) {
	if s.sqlite == nil || dryRun {
		return
	}
	for _, c := range counts {
		if c.Rows > 0 {
			s.sqlite.log.clean()
			return
		}
	}
}

// pruning is one pass over one kind.
type pruning struct {
	store   *Store
	options PruneOptions
	kind    prunable
	count   PruneCount
	batch   int
}

func (p *pruning) run(ctx context.Context) error {
	after, at := "", time.Time{}
	for {
		var keys []string
		read, held := 0, 0
		isHeld := 0
		args, into := []any{p.count.Before, prunePage, after}, []any{&after, &isHeld}
		if !p.kind.byKey {
			args, into = append(args, at), append(into, &at)
		}
		err := collect(ctx, p.store.read(), func(r row) error {
			if err := r.Scan(into...); err != nil {
				return err
			}
			at = at.UTC()
			read++
			if isHeld != 0 {
				held++
			} else {
				keys = append(keys, after)
			}
			return nil
		}, p.kind.page, args...)
		if err != nil {
			return err
		}
		p.count.Held += held
		if err := p.remove(ctx, keys); err != nil || read < prunePage {
			return err
		}
	}
}

// remove removes the rows with these keys, in transactions of the size that proved right.
func (p *pruning) remove(ctx context.Context, keys []string) error {
	if p.options.DryRun {
		return p.counted(len(keys))
	}
	for len(keys) > 0 {
		part := keys[:min(p.batch, len(keys))]
		keys = keys[len(part):]
		n := 0
		begun := time.Now()
		err := p.store.write(ctx, func(tx *Tx) error {
			n = 0
			if err := tx.lockPrune(ctx); err != nil {
				return err
			}
			var err error
			n, err = p.kind.remove(ctx, tx, part, p.count.Before)
			return err
		})
		if err != nil {
			return err
		}
		took := time.Since(begun)
		if took > slowPrune {
			p.batch = max(p.batch/2, minPruneBatch)
		} else if took < quickPrune {
			p.batch = min(p.batch*2, maxPruneBatch)
		}
		if err := p.counted(n); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(took):
		}
	}
	return nil
}

func (p *pruning) counted(n int) error {
	p.count.Rows += n
	if p.options.OnBatch == nil || n == 0 {
		return nil
	}
	batch := p.count
	batch.Rows = n
	return p.options.OnBatch(batch)
}

// lockPrune keeps legal holds from being set until the transaction ends, and bounds how long it waits for rows.
func (tx *Tx) lockPrune(ctx context.Context) error {
	for _, statement := range []string{tx.store.dialect.boundWaits, tx.store.dialect.lockPrune} {
		if statement == "" {
			continue
		}
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("locking what is pruned: %w", err)
		}
	}
	return nil
}

// ClaimPrune takes the right to prune for the given time, or prolongs it, and reports whether the holder has it. One process at
// a time has it.
func (s *Store) ClaimPrune(ctx context.Context, holder string, lease time.Duration) (bool, error) {
	var n int64
	err := s.write(ctx, func(tx *Tx) (err error) {
		n, err = tx.Exec(ctx, `INSERT INTO prune_lease (id, holder, until) VALUES (1, $1, $2)
			ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until = excluded.until
			WHERE prune_lease.holder = excluded.holder OR prune_lease.until < $3`, holder, tx.Now.Add(lease), tx.Now)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claiming the right to prune: %w", err)
	}
	return n == 1, nil
}

// PruneEnded gives the right to prune back after a whole pass, so that the time of the last one is known.
func (s *Store) PruneEnded(ctx context.Context, holder string) error {
	err := s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `UPDATE prune_lease SET until = $2, ended_at = $2 WHERE id = 1 AND holder = $1`, holder, tx.Now)
		return err
	})
	if err != nil {
		return fmt.Errorf("ending a pass of pruning: %w", err)
	}
	return nil
}

// LastPrune is when a whole pass of pruning by a server ended last, zero for never.
func (s *Store) LastPrune(ctx context.Context) (time.Time, error) {
	var last time.Time
	err := collect(ctx, s.read(), func(r row) error {
		var at *time.Time
		err := r.Scan(&at)
		if at != nil {
			last = at.UTC()
		}
		return err
	}, `SELECT ended_at FROM prune_lease WHERE id = 1`)
	if err != nil {
		return last, fmt.Errorf("reading when was pruned last: %w", err)
	}
	return last, nil
}
