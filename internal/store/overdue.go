package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// runGrace is how long after its time a run may still wait for a worker, or go without a heartbeat.
const runGrace = 2 * time.Minute

// failingGrace is how long a run may fail for a service that is away before it counts as overdue, though it will be tried again.
const failingGrace = 5 * time.Minute

// OverdueItem is something that should have come by now: of a call, or a run that is dead, past its time, or failing for a while.
type OverdueItem struct {
	// CallID is "" for a run that is about no single call.
	CallID string
	// RunID is "" for a call.
	RunID string
	// Status is the call's, the state of the run, or Twilio's error.
	Status string
	// What is an interview.Overdue, "run:" and a function, or OverdueDialingPaused.
	What string
	Due  time.Time
	// Checks counts how often Twilio was asked, or the attempts of the run.
	Checks int
}

// Overdue lists what is overdue, the longest first, at most limit of it.
func (s *Store) Overdue(ctx context.Context, deadlines interview.Deadlines, limit int) ([]OverdueItem, error) {
	list := []OverdueItem{}
	err := s.eachOverdue(ctx, deadlines, func(l OverdueItem) {
		at, _ := slices.BinarySearchFunc(list, l, func(a, b OverdueItem) int { return a.Due.Compare(b.Due) })
		if at < limit {
			list = slices.Insert(list, at, l)
			list = list[:min(len(list), limit)]
		}
	})
	return list, err
}

// OverdueCounts counts what is overdue, by OverdueItem.What.
func (s *Store) OverdueCounts(ctx context.Context, deadlines interview.Deadlines) (map[string]int, error) {
	counts := map[string]int{}
	err := s.eachOverdue(ctx, deadlines, func(l OverdueItem) { counts[l.What]++ })
	return counts, err
}

func (s *Store) eachOverdue(ctx context.Context, deadlines interview.Deadlines, each func(OverdueItem)) error {
	return s.eachOverdueOf(ctx, s.read(), deadlines, each)
}

func (s *Store) eachOverdueOf(ctx context.Context, q querier, deadlines interview.Deadlines, each func(OverdueItem)) error {
	now := s.now()
	err := s.eachOverdueCheck(ctx, q, deadlines, func(w OverdueCheck) {
		if w.What != "" && w.Due.Before(now) {
			each(OverdueItem{CallID: w.Call.ID, Status: string(w.Call.Status), What: string(w.What), Due: w.Due, Checks: w.Checks})
		}
	}, checkedCalls)
	if err != nil {
		return err
	}
	paused, err := dialingPauses(ctx, q)
	if err != nil {
		return err
	}
	for _, p := range paused {
		each(OverdueItem{Status: "error " + strconv.Itoa(p.Code), What: OverdueDialingPaused, Due: p.Since, Checks: p.Probes})
	}
	for _, which := range []struct {
		where string
		args  []any
	}{
		{`(state = 'waiting' AND (COALESCE(begin_by, not_before, created_at) < $1 OR failing_since < $2))`,
			[]any{now.Add(-runGrace), now.Add(-failingGrace)}},
		{`state = 'running' AND heartbeat_at < $1`, []any{now.Add(-runGrace)}},
		{`state = 'failed'`, nil},
	} {
		err = collect(ctx, q, func(r row) error {
			l, err := scanOverdueRun(r)
			if err == nil {
				each(l)
			}
			return err
		}, `SELECT id, function, state, args, attempts, failing_since, begin_by, not_before, heartbeat_at, finished_at, created_at
			FROM function_runs WHERE `+which.where+` AND NOT `+aboutSimulated, which.args...)
		if err != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("looking for overdue runs: %w", err)
	}
	return nil
}

func scanOverdueRun(r row) (OverdueItem, error) {
	var l OverdueItem
	var function, args string
	var failingSince, beginBy, notBefore, heartbeatAt, finishedAt *time.Time
	if err := r.Scan(&l.RunID, &function, &l.Status, &args, &l.Checks, &failingSince, &beginBy, &notBefore, &heartbeatAt, &finishedAt, &l.Due); err != nil {
		return l, err
	}
	order := []*time.Time{failingSince, beginBy, notBefore}
	switch interview.RunState(l.Status) {
	case interview.RunFailed:
		order = []*time.Time{finishedAt, heartbeatAt}
	case interview.RunRunning:
		order = []*time.Time{heartbeatAt}
	}
	for _, at := range order {
		if at != nil {
			l.Due = *at
			break
		}
	}
	var about struct {
		CallID string `json:"callId"`
	}
	if err := json.Unmarshal([]byte(args), &about); err != nil {
		return l, fmt.Errorf("arguments of run %s: %w", l.RunID, err)
	}
	l.CallID, l.What = about.CallID, "run:"+function
	return l, nil
}
