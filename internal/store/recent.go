package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// Recent counts what arrived in a time.
type Recent struct {
	// Refused are the rows that Rejections lists, Duplicates those that Webhooks lists of the outcome inbox.Duplicate.
	Refused, Duplicates int
}

// CountRecent counts what arrived from since on, before until.
func (s *Store) CountRecent(ctx context.Context, since, until time.Time) (Recent, error) {
	var n Recent
	q := s.read()
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM rejections WHERE received_at >= $1 AND received_at < $2`, since.UTC(), until.UTC()).Scan(&n.Refused)
	if err != nil {
		return n, fmt.Errorf("counting rejections: %w", err)
	}
	f := WebhookFilter{Outcome: inbox.Duplicate, Since: since, Until: until}.conditions()
	if n.Duplicates, err = count(ctx, q, "webhook_events", f); err != nil {
		return n, fmt.Errorf("counting duplicates: %w", err)
	}
	return n, nil
}

// count counts the rows that list would list, each of anyOf by its index.
func count(ctx context.Context, q querier, table string, f filter) (n int, err error) {
	rows := "SELECT id FROM " + table + f.where()
	if len(f.anyOf) > 0 {
		parts := make([]string, len(f.anyOf))
		for i, condition := range f.anyOf {
			one := filter{conditions: append(slices.Clone(f.conditions), condition)}
			parts[i] = "SELECT " + table + ".id FROM " + table + one.where()
		}
		rows = strings.Join(parts, " UNION ")
	}
	err = q.QueryRow(ctx, "SELECT COUNT(*) FROM ("+rows+") AS counted", f.args...).Scan(&n)
	return n, err
}
