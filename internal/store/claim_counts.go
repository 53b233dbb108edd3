package store

import (
	"context"
	"fmt"
)

// MaxCountedClaims bounds the claims of a hypothesis that ClaimCounts reads, the newest.
const MaxCountedClaims = 10_000

// ClaimCount is how many claims a hypothesis has, and how many of them are rejected; of the newest MaxCountedClaims where it has more.
type ClaimCount struct{ Claims, Rejected int }

const countClaims = `SELECT COUNT(*), COUNT(*) FILTER (WHERE rejected <> '')
	FROM (SELECT rejected FROM claims WHERE hypothesis_id = $1 ORDER BY id DESC LIMIT $2) AS newest`

// ClaimCounts counts the claims of some hypotheses.
func (s *Store) ClaimCounts(ctx context.Context, hypotheses []string) (map[string]ClaimCount, error) {
	counts := make(map[string]ClaimCount, len(hypotheses))
	for _, id := range hypotheses {
		var c ClaimCount
		if err := s.read().QueryRow(ctx, countClaims, id, MaxCountedClaims).Scan(&c.Claims, &c.Rejected); err != nil {
			return nil, fmt.Errorf("counting the claims of hypothesis %s: %w", id, err)
		}
		counts[id] = c
	}
	return counts, nil
}
