package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// CallCounts counts the calls of a filter by status, whatever statuses the filter asks for.
type CallCounts struct {
	ByStatus map[interview.CallStatus]int
	// Newest is how many calls were looked at when there are more than that, 0 when all were.
	Newest int
}

// maxCounted bounds the calls that one CallCounts looks at: about 20 ms of a database.
const maxCounted = 20_000

// CallCounts counts the newest calls of a filter, with bounded work. It must not be asked for what is overdue.
func (s *Store) CallCounts(ctx context.Context, by CallFilter) (CallCounts, error) {
	by.Statuses = nil
	f := by.conditions()
	counts := CallCounts{ByStatus: map[interview.CallStatus]int{}}
	most := maxCounted
	switch {
	case by.SIPResponse != 0:
		most = MaxEnded
	case by.RejectedClaims:
		most = MaxRejected
	}
	limit := f.arg(most)
	counted := 0
	err := collect(ctx, s.read(), func(r row) error {
		var status interview.CallStatus
		var n int
		err := r.Scan(&status, &n)
		counts.ByStatus[status] = n
		counted += n
		return err
	}, `SELECT status, COUNT(*) FROM (SELECT calls.status FROM calls`+f.where()+` ORDER BY calls.id DESC LIMIT `+limit+`) AS newest GROUP BY status`, f.args...)
	if err != nil {
		return counts, fmt.Errorf("counting calls: %w", err)
	}
	if counted == most {
		counts.Newest = counted
	}
	return counts, nil
}
