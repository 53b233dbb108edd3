package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresTx is a transaction that begins with its first statement, so that a trip may take BEGIN along. It is a pgx.Tx for
// River; the connection itself knows where the transaction stands.
type postgresTx struct{ *connection }

// connection has another name so that the transaction can have a method Conn.
type connection = pgx.Conn

var _ pgx.Tx = postgresTx{}

// open reports whether a transaction is under way.
func (t postgresTx) open() bool { return t.PgConn().TxStatus() != 'I' }

// begin begins unless it has.
func (t postgresTx) begin(ctx context.Context) error {
	if t.open() {
		return nil
	}
	if _, err := t.connection.Exec(ctx, "BEGIN"); err != nil {
		return fmt.Errorf("beginning: %w", err)
	}
	return nil
}

// Commit ends what has begun.
func (t postgresTx) Commit(ctx context.Context) error {
	if !t.open() {
		return nil
	}
	tag, err := t.connection.Exec(ctx, "COMMIT")
	if err == nil && tag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

// Rollback takes at most a second. A connection on which it fails is not used again: the pool looks.
func (t postgresTx) Rollback(ctx context.Context) error {
	if t.IsClosed() || !t.open() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, err := t.connection.Exec(ctx, "ROLLBACK")
	return err
}

// Begin would be a savepoint, which nobody here needs.
func (t postgresTx) Begin(context.Context) (pgx.Tx, error) {
	return nil, errors.New("a transaction within a transaction")
}

func (t postgresTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

func (t postgresTx) Conn() *pgx.Conn { return t.connection }

// lateQuerier begins before the first statement.
type lateQuerier struct {
	pgxQuerier
	tx postgresTx
}

func (q lateQuerier) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := q.tx.begin(ctx); err != nil {
		return 0, err
	}
	return q.pgxQuerier.Exec(ctx, sql, args...)
}

func (q lateQuerier) Query(ctx context.Context, sql string, args ...any) (rows, error) {
	if err := q.tx.begin(ctx); err != nil {
		return nil, err
	}
	return q.pgxQuerier.Query(ctx, sql, args...)
}

func (q lateQuerier) QueryRow(ctx context.Context, sql string, args ...any) row {
	if err := q.tx.begin(ctx); err != nil {
		return failedRow{err}
	}
	return q.pgxQuerier.QueryRow(ctx, sql, args...)
}

// failedRow is what a statement that was never sent returns.
type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }
