package store

import (
	"context"
	"fmt"
	"time"
)

// TokenUse is when an auth token of Twilio was used.
type TokenUse struct {
	// Fingerprint names the token without telling it; see twilio.Fingerprint.
	Fingerprint string
	// For is what it was used for: webhook or rest.
	For string
	// Account is the AccountSid, "" where it is not known.
	Account string
	// First and Last are the first and the last use that are known.
	First, Last time.Time
}

// NoteTokenUses notes uses, each of which may be known already: the first stays, the last moves on.
func (s *Store) NoteTokenUses(ctx context.Context, uses []TokenUse) error {
	err := s.write(ctx, func(tx *Tx) error {
		for _, use := range uses {
			_, err := tx.Exec(ctx, `INSERT INTO token_uses (fingerprint, used_for, account, first_at, last_at) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (fingerprint, used_for) DO UPDATE SET account = excluded.account,
					last_at = CASE WHEN excluded.last_at > token_uses.last_at THEN excluded.last_at ELSE token_uses.last_at END`,
				use.Fingerprint, use.For, use.Account, use.First, use.Last)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("noting the use of auth tokens: %w", err)
	}
	return nil
}

// TokenUses are all that are known.
func (s *Store) TokenUses(ctx context.Context) ([]TokenUse, error) {
	found, err := s.read().Query(ctx, `SELECT fingerprint, used_for, account, first_at, last_at FROM token_uses ORDER BY last_at`)
	if err != nil {
		return nil, fmt.Errorf("reading the use of auth tokens: %w", err)
	}
	defer found.Close()
	var uses []TokenUse
	for found.Next() {
		var use TokenUse
		if err := found.Scan(&use.Fingerprint, &use.For, &use.Account, &use.First, &use.Last); err != nil {
			return nil, fmt.Errorf("reading the use of auth tokens: %w", err)
		}
		uses = append(uses, use)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("reading the use of auth tokens: %w", err)
	}
	return uses, nil
}
