package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
)

const (
	// numberKeyName is the name of the key in the table of secrets.
	numberKeyName = "number-hash"
	numberKeySize = 32
)

// numberHash is the keyed hash by which the do-not-call list knows a number in E.164: HMAC-SHA256. An erasure removes the
// number and not the hash, and without the key the hash of each possible number cannot be computed.
func (tx *Tx) numberHash(ctx context.Context, e164 string) ([]byte, error) {
	key, err := tx.numberKey(ctx)
	if err != nil {
		return nil, err
	}
	return hashNumber(key, e164), nil
}

func hashNumber(key []byte, e164 string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(e164))
	return mac.Sum(nil)
}

// numberKey is the key of the hashes. The first transaction that needs it makes it; it never changes.
func (tx *Tx) numberKey(ctx context.Context) ([]byte, error) {
	if tx.madeKey != nil {
		return tx.madeKey, nil
	}
	key, err := tx.store.keptNumberKey(ctx, tx)
	if err != nil || key != nil {
		return key, err
	}
	return tx.makeNumberKey(ctx)
}

// keptNumberKey is the key, nil when there is none yet, and so no hash. A transaction that made the key must not ask: it is kept for
// the store, and that transaction may be rolled back.
func (s *Store) keptNumberKey(ctx context.Context, q querier) ([]byte, error) {
	if key := s.numberKey.Load(); key != nil {
		return *key, nil
	}
	var key []byte
	err := q.QueryRow(ctx, `SELECT value FROM secrets WHERE name = $1`, numberKeyName).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("loading the key of number hashes: %w", err)
	}
	s.numberKey.Store(&key)
	return key, nil
}

// makeNumberKey makes the key, unless another process is faster.
func (tx *Tx) makeNumberKey(ctx context.Context) ([]byte, error) {
	made := make([]byte, numberKeySize)
	if _, err := rand.Read(made); err != nil {
		return nil, fmt.Errorf("making the key of number hashes: %w", err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, numberKeyName, made)
	if err != nil {
		return nil, fmt.Errorf("keeping the key of number hashes: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT value FROM secrets WHERE name = $1`, numberKeyName).Scan(&tx.madeKey)
	if err != nil {
		return nil, fmt.Errorf("loading the key of number hashes: %w", err)
	}
	return tx.madeKey, nil
}
