package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errRollback ends a transaction on purpose.
var errRollback = errors.New("rolled back on purpose")

// ProbeRollback writes one row and rolls back: nothing is changed, and its error says that nothing can be written now.
func (s *Store) ProbeRollback(ctx context.Context) error {
	err := s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO write_probe (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at`, tx.Now)
		if err != nil {
			return err
		}
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		return fmt.Errorf("writing to the database: %w", err)
	}
	return nil
}

// ServerTime is the database server's clock; on SQLite that of this machine.
func (s *Store) ServerTime(ctx context.Context) (time.Time, error) {
	if s.postgres == nil {
		return s.now(), nil
	}
	var at time.Time
	if err := s.read().QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&at); err != nil {
		return at, fmt.Errorf("asking the database for its time: %w", err)
	}
	return at, nil
}

// JournalMode is SQLite's, such as wal; "" on Postgres.
func (s *Store) JournalMode(ctx context.Context) (string, error) {
	if s.sqlite == nil {
		return "", nil
	}
	var mode string
	if err := s.read().QueryRow(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return "", fmt.Errorf("asking for the journal mode: %w", err)
	}
	return mode, nil
}

// OldestPayload is when the oldest event was received of which the body is kept; zero if there is none.
func (s *Store) OldestPayload(ctx context.Context) (time.Time, error) {
	var at *time.Time
	err := s.read().QueryRow(ctx, `SELECT (SELECT received_at FROM webhook_events WHERE body IS NOT NULL ORDER BY id LIMIT 1)`).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("looking for the oldest payload: %w", err)
	}
	if at == nil {
		return time.Time{}, nil
	}
	return *at, nil
}
