package inboxsql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/inbox/internal/dedup"
)

// maxLockWait bounds the wait for a delivery of the same event in another process where ctx has no deadline.
const maxLockWait = 10 * time.Second

// transaction is one *sql.Tx and what goes with its end.
type transaction struct {
	*sql.Tx
	end func()
}

// statements run on both dialects.
type statements struct{ db *sql.DB }

func (statements) Exec(ctx context.Context, tx *transaction, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

func (statements) QueryRow(ctx context.Context, tx *transaction, query string, args []any, dest ...any) (bool, error) {
	err := tx.QueryRowContext(ctx, query, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (s statements) Query(ctx context.Context, query string, args []any, scan func(dedup.Row) error) error {
	rows, err := s.db.QueryContext(ctx, query, args...)
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

func (statements) Commit(_ context.Context, tx *transaction) error {
	defer tx.end()
	return tx.Tx.Commit()
}

func (statements) Rollback(_ context.Context, tx *transaction) error {
	defer tx.end()
	return tx.Tx.Rollback()
}

// postgres begins transactions that ctx ends.
type postgres struct{ statements }

func (p postgres) Begin(ctx context.Context) (*transaction, error) {
	tx, err := p.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return nil, err
	}
	wait := maxLockWait
	if deadline, ok := ctx.Deadline(); ok {
		wait = time.Until(deadline)
	}
	// SET has no placeholders; 0 would mean for ever.
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d", max(wait.Milliseconds(), 1))); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return &transaction{tx, func() {}}, nil
}

// sqlite begins one transaction at a time.
type sqlite struct {
	statements
	writer chan struct{}
}

// Begin waits for the writer's place, for a connection and for the file, as long as ctx allows. Once it has begun, the
// transaction is not bound to ctx: database/sql would roll it back in the background, and the next writer would find the
// file locked.
func (s sqlite) Begin(ctx context.Context) (*transaction, error) {
	select {
	case s.writer <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the writer before: %w", ctx.Err())
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		<-s.writer
		return nil, err
	}
	whole, cancel := context.WithCancel(context.WithoutCancel(ctx))
	end := func() {
		cancel()
		conn.Close()
		<-s.writer
	}
	unbind := context.AfterFunc(ctx, cancel)
	tx, err := conn.BeginTx(whole, nil)
	if err != nil {
		end()
		return nil, errors.Join(err, ctx.Err())
	}
	if !unbind() {
		defer end()
		return nil, errors.Join(ctx.Err(), tx.Rollback())
	}
	return &transaction{tx, end}, nil
}
