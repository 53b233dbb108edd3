package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresTx is a transaction that begins with its first statement: a batch of statements takes BEGIN along, which saves a round trip.
type postgresTx struct {
	conn *pgxpool.Conn
	// ofPGX is the same transaction for those who ask for one of pgx's; nil until somebody does.
	ofPGX pgx.Tx
}

// begun says whether the transaction has begun and is not ended.
func (t *postgresTx) begun() bool { return t.conn.Conn().PgConn().TxStatus() != 'I' }

func (t *postgresTx) begin(ctx context.Context) error {
	if t.begun() {
		return nil
	}
	if _, err := t.conn.Exec(ctx, "BEGIN"); err != nil {
		return fmt.Errorf("beginning: %w", err)
	}
	return nil
}

// asPGX returns the transaction as one of pgx's. Whoever gets it must not end it.
func (t *postgresTx) asPGX(ctx context.Context) (pgx.Tx, error) {
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	if t.ofPGX == nil {
		var err error
		// Instead of BEGIN, a statement that does nothing: it has begun.
		if t.ofPGX, err = t.conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: "SELECT"}); err != nil {
			return nil, err
		}
	}
	return t.ofPGX, nil
}

// Exec runs a statement.
func (t *postgresTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := t.begin(ctx); err != nil {
		return pgconn.CommandTag{}, err
	}
	return t.conn.Exec(ctx, sql, args...)
}

// Query runs a statement with rows.
func (t *postgresTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	return t.conn.Query(ctx, sql, args...)
}

// QueryRow runs a statement with a row.
func (t *postgresTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := t.begin(ctx); err != nil {
		return failedRow{err}
	}
	return t.conn.QueryRow(ctx, sql, args...)
}

// failedRow is that of a statement that was not sent.
type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

// commit ends what has begun.
func (t *postgresTx) commit(ctx context.Context) error {
	tag, err := t.conn.Exec(ctx, "COMMIT")
	if err == nil && tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return err
}

// rollback gives up what has begun. When that fails, the pool closes the connection.
func (t *postgresTx) rollback(ctx context.Context) {
	if t.conn.Conn().IsClosed() || !t.begun() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, _ = t.conn.Exec(ctx, "ROLLBACK")
}
