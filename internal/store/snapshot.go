package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// snapshot runs reading statements that must see one state of the database, such as a call and what belongs to it.
func (s *Store) snapshot(ctx context.Context, f func(q querier) error) error {
	if s.postgres != nil {
		options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		return pgx.BeginTxFunc(ctx, s.postgres, options, func(tx pgx.Tx) error { return f(pgxQuerier{tx}) })
	}
	// In WAL mode a transaction reads what was committed when its first statement ran.
	tx, err := s.sqlite.read.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return f(sqlQuerier{tx})
}
