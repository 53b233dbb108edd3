package inboxpgx

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/i-agent/iagent/inbox/internal/dedup"
)

// maxLockWait bounds the wait for a delivery of the same event in another process where ctx has no deadline.
const maxLockWait = 10 * time.Second

// backend runs the statements of package dedup on connections of a pool.
type backend struct {
	pool *pgxpool.Pool
}

// Begin takes one round trip. SET has no placeholders, and 0 would mean for ever.
func (b backend) Begin(ctx context.Context) (pgx.Tx, error) {
	wait := maxLockWait
	if deadline, ok := ctx.Deadline(); ok {
		wait = time.Until(deadline)
	}
	return b.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: fmt.Sprintf(
		"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = %d", max(wait.Milliseconds(), 1))})
}

func (backend) Commit(ctx context.Context, tx pgx.Tx) error   { return tx.Commit(ctx) }
func (backend) Rollback(ctx context.Context, tx pgx.Tx) error { return tx.Rollback(ctx) }

func (backend) Exec(ctx context.Context, tx pgx.Tx, query string, args ...any) error {
	_, err := tx.Exec(ctx, query, args...)
	return err
}

func (backend) QueryRow(ctx context.Context, tx pgx.Tx, query string, args []any, dest ...any) (bool, error) {
	err := tx.QueryRow(ctx, query, args...).Scan(dest...)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (b backend) Query(ctx context.Context, query string, args []any, scan func(dedup.Row) error) error {
	rows, err := b.pool.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// errLent is returned to a handler that tries to end its transaction.
var errLent = errors.New("the inbox ends this transaction: return nil to commit it and an error to roll it back")

// lentTx is a transaction that the handler cannot end: the event would be claimed without its record.
type lentTx struct{ pgx.Tx }

func (lentTx) Commit(context.Context) error   { return errLent }
func (lentTx) Rollback(context.Context) error { return errLent }
