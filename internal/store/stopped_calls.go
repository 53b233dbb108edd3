package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// MaxStoppedAmong is among how many calls StopDetail looks: those that were dialled last before the stop, and those that were created last
// before its end.
const MaxStoppedAmong = 10_000

// StopDetail is a stop with its calls, the newest first.
type StopDetail struct {
	interview.Stop
	// Ended are the calls that it asked to end.
	Ended []interview.Call
	// Waited are the calls that were made before its end, were not over when it began, and were not dialled before its end: they waited for
	// it, or for something else.
	Waited []interview.Call
}

// StopDetail returns a stop with at most so many calls of each sort. ErrNotFound when there is no such stop.
func (s *Store) StopDetail(ctx context.Context, id string, limit int) (StopDetail, error) {
	var d StopDetail
	err := s.snapshot(ctx, func(q querier) (err error) {
		d.Stop, err = scanStop(q.QueryRow(ctx, selectStops+` WHERE id = $1`, id))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		read := func(into *[]interview.Call, statement string, args []any) error {
			return collect(ctx, q, func(r row) error {
				call, err := scanCalled(r)
				*into = append(*into, call)
				return err
			}, statement, args...)
		}
		statement, args := stoppedCalls(d.Stop, limit)
		if err := read(&d.Ended, statement, args); err != nil {
			return err
		}
		statement, args = waitedCalls(d.Stop, limit)
		return read(&d.Waited, statement, args)
	})
	if err != nil {
		return d, fmt.Errorf("calls of stop %s: %w", id, err)
	}
	return d, nil
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

// waitedCalls chooses the calls that were made before the end of a stop, were not over when it began, and were not dialled before it.
func waitedCalls(stop interview.Stop, limit int) (statement string, args []any) {
	var made, f filter
	f.conditions = append(f.conditions, "calls.id = made.id")
	if stop.EndedAt != nil {
		made.compare("id", "<", firstID(stop.EndedAt.Add(time.Millisecond)))
		f.args = made.args
		f.compare("calls.created_at", "<=", stop.EndedAt.UTC())
	}
	if stop.Scope != interview.ScopeAll {
		made.args = f.args
		made.equal("campaign_id", stop.Scope)
		f.args = made.args
	}
	f.equal("calls.direction", string(interview.DirectionOutbound))
	began := f.arg(stop.CreatedAt.UTC())
	f.conditions = append(f.conditions, "(calls.dialed_at IS NULL OR calls.dialed_at >= "+began+")", "(calls.completed_at IS NULL OR calls.completed_at >= "+began+")",
		"(calls.ended_as = '' OR calls.completed_at IS NOT NULL)")
	return `SELECT ` + calledColumns + ` FROM (SELECT id FROM calls` + made.where() + ` ORDER BY id DESC LIMIT ` + f.arg(MaxStoppedAmong) + `) AS made
		CROSS JOIN calls` + f.where() + ` ORDER BY calls.id DESC LIMIT ` + f.arg(limit), f.args
}
