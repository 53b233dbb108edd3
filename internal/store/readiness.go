package store

import (
	"context"
	"fmt"
)

// Ping asks the database for an answer.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read().QueryRow(ctx, "SELECT 1").Scan(&one)
}

// ProbeWrite writes one row and commits. Its error says that nothing can be written now: the session is read-only, the disk
// is full, the file is locked.
func (s *Store) ProbeWrite(ctx context.Context) error {
	err := s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO write_probe (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at`, tx.Now)
		return err
	})
	if err != nil {
		return fmt.Errorf("writing to the database: %w", err)
	}
	return nil
}
