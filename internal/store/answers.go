package store

import (
	"context"
	"crypto/sha256"
	"fmt"
)

// IsAnswered reports whether a request with the idempotency key was answered.
func (s *Store) IsAnswered(ctx context.Context, key string) (bool, error) {
	var n int
	if err := s.read().QueryRow(ctx, `SELECT COUNT(*) FROM api_idempotency WHERE key = $1`, key).Scan(&n); err != nil {
		return false, fmt.Errorf("looking for a kept answer: %w", err)
	}
	return n > 0, nil
}

// AnswerOnce keeps the answer to a request that took many transactions, and returns it, or the one that was kept before. Without a body
// it keeps nothing.
//
// Errors: ErrOtherRequest, ErrSameInFlight.
func (s *Store) AnswerOnce(ctx context.Context, key string, request [sha256.Size]byte, answer Answer) (Answer, error) {
	err := s.write(ctx, func(tx *Tx) error {
		if answer.Body != nil {
			if first, err := tx.claimKey(ctx, key, request, answer); err != nil || first {
				return err
			}
		}
		var err error
		answer, err = tx.keptAnswer(ctx, key, request)
		return err
	})
	if err != nil {
		return Answer{}, fmt.Errorf("keeping an answer: %w", err)
	}
	return answer, nil
}
