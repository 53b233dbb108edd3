package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/internal/telemetry"
)

// stmtBatch is statements of one transaction that need nothing of each other's results. Postgres is sent all of them at once
// and runs them in order, so that they cost one round trip; SQLite runs them one after the other.
type stmtBatch struct {
	tx         *Tx
	statements []statement
}

// statement is one of a batch.
type statement struct {
	doing string // names it in an error
	scan  func(row) error
	sql   string
	args  []any
	// rows, if set, are the arguments for each time that the statement runs, on SQLite; wrote, if set, is called with those by which a
	// row was written.
	rows  [][]any
	wrote func(args []any)
}

func (tx *Tx) newStmtBatch() *stmtBatch { return &stmtBatch{tx: tx} }

// query adds a statement and calls scan for each of its rows, once the batch runs.
func (b *stmtBatch) query(doing string, scan func(row) error, sql string, args ...any) {
	b.statements = append(b.statements, statement{doing: doing, scan: scan, sql: sql, args: args})
}

// eachRow adds a statement for SQLite that runs once for each of rows, and calls wrote with those by which a row was written.
func (b *stmtBatch) eachRow(doing, sql string, rows [][]any, wrote func(args []any)) {
	b.statements = append(b.statements, statement{doing: doing, sql: sql, rows: rows, wrote: wrote})
}

// exec adds a statement without rows.
func (b *stmtBatch) exec(doing, sql string, args ...any) { b.query(doing, nil, sql, args...) }

// run sends what was added. The first error is that of the batch, and no later statement took effect.
func (b *stmtBatch) run(ctx context.Context) error {
	if b.tx.pgx != nil {
		if !telemetry.Sampled(ctx) || len(b.statements) == 0 {
			return b.tx.store.around(func() error { return b.send(ctx) })
		}
		return b.tx.store.span(ctx, func(ctx context.Context) error { return b.tx.store.around(func() error { return b.send(ctx) }) }, b.texts()...)
	}
	for _, s := range b.statements {
		if err := s.run(ctx, b.tx); err != nil {
			return fmt.Errorf("%s: %w", s.doing, err)
		}
	}
	return nil
}

// run runs a statement of SQLite.
func (s statement) run(ctx context.Context, tx *Tx) error {
	switch {
	case s.scan != nil:
		_, err := tx.Exec(ctx, s.sql, &readRows{s.args, s.scan})
		return err
	case s.rows == nil:
		_, err := tx.Exec(ctx, s.sql, s.args...)
		return err
	case tx.store.options.Around == nil:
		_, err := tx.Exec(ctx, s.sql, &eachRow{s.rows, s.wrote})
		return err
	}
	for i := range s.rows { // each is told of
		if _, err := tx.Exec(ctx, s.sql, &eachRow{s.rows[i : i+1], s.wrote}); err != nil {
			return err
		}
	}
	return nil
}

// texts are the statements.
func (b *stmtBatch) texts() []string {
	texts := make([]string, len(b.statements))
	for i, s := range b.statements {
		texts[i] = s.sql
	}
	return texts
}

// commit sends what was added and, on Postgres, ends the transaction in the same round trip; on SQLite whoever began it ends
// it. An error may also mean that it was committed and the answer was lost. Nothing of such a batch is to be scanned: a fault
// of scanning would be found after the commit.
func (b *stmtBatch) commit(ctx context.Context) error {
	if b.tx.pgx != nil {
		b.exec("committing", "COMMIT")
	}
	return b.run(ctx)
}

func (b *stmtBatch) send(ctx context.Context) error {
	if len(b.statements) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	if !b.tx.pgx.begun() {
		b.statements = slices.Insert(b.statements, 0, statement{doing: "beginning", sql: "BEGIN"})
	}
	for _, s := range b.statements {
		batch.Queue(s.sql, s.args...)
	}
	results := b.tx.pgx.conn.SendBatch(ctx, batch)
	for _, s := range b.statements {
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
