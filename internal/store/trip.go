package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// trip is statements of one transaction that need nothing of each other's results. Postgres is sent all of them at once
// and runs them in order, so that they cost one round trip; SQLite, which has none to save, runs one after the other.
type trip struct {
	tx         *Tx
	statements []statement
}

// statement is one of a trip.
type statement struct {
	doing string // names it in an error
	scan  func(row) error
	sql   string
	args  []any
}

func (tx *Tx) trip() *trip { return &trip{tx: tx} }

// query adds a statement and calls scan for each of its rows, once the trip runs.
func (t *trip) query(doing string, scan func(row) error, sql string, args ...any) {
	t.statements = append(t.statements, statement{doing, scan, sql, args})
}

// exec adds a statement without rows.
func (t *trip) exec(doing, sql string, args ...any) { t.query(doing, nil, sql, args...) }

// run sends what was added. The first error is that of the trip, and no later statement took effect.
func (t *trip) run(ctx context.Context) error { return t.travel(ctx, false) }

// commit sends what was added and ends the transaction, in the same round trip where there is one: elsewhere who began it
// will. As ever, an error may also mean that it was committed and the answer was lost. Nothing of such a trip is to be
// scanned: a fault of scanning would be found after the commit.
func (t *trip) commit(ctx context.Context) error { return t.travel(ctx, true) }

func (t *trip) travel(ctx context.Context, commit bool) error {
	if t.tx.pgx == nil || t.tx.store.options.Around != nil {
		return t.oneByOne(ctx)
	}
	return t.send(ctx, commit)
}

func (t *trip) oneByOne(ctx context.Context) error {
	for _, s := range t.statements {
		var err error
		if s.scan != nil {
			err = collect(ctx, t.tx, s.scan, s.sql, s.args...)
		} else {
			_, err = t.tx.Exec(ctx, s.sql, s.args...)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.doing, err)
		}
	}
	return nil
}

func (t *trip) send(ctx context.Context, commit bool) error {
	if len(t.statements) == 0 && !(commit && t.tx.pgx.open()) {
		return nil
	}
	var statements []statement
	if !t.tx.pgx.open() {
		statements = append(statements, statement{doing: "beginning", sql: "BEGIN"})
	}
	statements = append(statements, t.statements...)
	if commit {
		statements = append(statements, statement{doing: "committing", sql: "COMMIT"})
	}
	batch := &pgx.Batch{}
	for _, s := range statements {
		batch.Queue(s.sql, s.args...)
	}
	results := t.tx.pgx.SendBatch(ctx, batch)
	for _, s := range statements {
		if err := s.read(results); err != nil {
			_ = results.Close() // only repeats the error
			return fmt.Errorf("%s: %w", s.doing, err)
		}
	}
	return results.Close()
}

func (s statement) read(results pgx.BatchResults) error {
	if s.scan == nil {
		_, err := results.Exec()
		return err
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := s.scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
