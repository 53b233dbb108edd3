package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// LiveVersions counts the calls that are not over by the version of the webhooks with which they were dialled.
func (s *Store) LiveVersions(ctx context.Context) (map[interview.Version]int, error) {
	counts := map[interview.Version]int{}
	err := collect(ctx, s.read(), func(r row) error {
		var version interview.Version
		var n int
		err := r.Scan(&version, &n)
		counts[version] = n
		return err
	}, `SELECT webhook_version, COUNT(*) FROM calls WHERE live_number <> '' AND dialed_at IS NOT NULL GROUP BY webhook_version`)
	if err != nil {
		return nil, fmt.Errorf("counting calls by version: %w", err)
	}
	return counts, nil
}
