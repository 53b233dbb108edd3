package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// MaxStoppedAmong is among how many calls StoppedCalls looks: those that were dialled last before the stop.
const MaxStoppedAmong = 10_000

// StoppedCalls returns a stop and the calls that it asked to end, the newest first, at most so many. ErrNotFound when there is no such
// stop.
func (s *Store) StoppedCalls(ctx context.Context, id string, limit int) (stop interview.Stop, calls []interview.Call, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		stop, err = scanStop(q.QueryRow(ctx, selectStops+` WHERE id = $1`, id))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		statement, args := stoppedCalls(stop, limit)
		return collect(ctx, q, func(r row) error {
			call, err := scanCalled(r)
			calls = append(calls, call)
			return err
		}, statement, args...)
	})
	if err != nil {
		return stop, nil, fmt.Errorf("calls of stop %s: %w", id, err)
	}
	return stop, calls, nil
}

func stoppedCalls(stop interview.Stop, limit int) (statement string, args []any) {
	var f filter
	among := f.arg(firstID(stop.CreatedAt.Add(time.Millisecond)))
	most := f.arg(MaxStoppedAmong)
	f.conditions = append(f.conditions, "calls.id = dialled.call_id", "calls.cancel_reason = '"+string(interview.CancelStopped)+"'")
	f.compare("calls.cancel_requested_at", ">=", stop.CreatedAt.UTC())
	if stop.EndedAt != nil {
		f.compare("calls.cancel_requested_at", "<=", stop.EndedAt.UTC())
	}
	if stop.Scope != interview.ScopeAll {
		f.equal("calls.campaign_id", stop.Scope)
	}
	return `SELECT ` + calledColumns + ` FROM (SELECT call_id FROM dial_intents WHERE call_id < ` + among + ` ORDER BY call_id DESC LIMIT ` + most + `) AS dialled
		CROSS JOIN calls` + f.where() + ` ORDER BY calls.id DESC LIMIT ` + f.arg(limit), f.args
}
