package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// reach notes a step, which is told once the transaction is committed.
func (tx *Tx) reach(m interview.Milestone) {
	if tx.store.options.OnMilestone == nil {
		return
	}
	if m.Run == "" {
		m.Run = tx.run
	}
	tx.reached = append(tx.reached, m)
}

// reachBetween notes the steps that a change of a call takes.
func (tx *Tx) reachBetween(was, is interview.Call, event, request string) {
	for _, kind := range interview.MilestonesBetween(was, is) {
		tx.reach(interview.Milestone{Kind: kind, Call: is, Event: event, Request: request})
	}
	tx.loaded[is.ID] = is
}

// reachJudged notes a verdict, with some of the calls that are its evidence.
func (tx *Tx) reachJudged(ctx context.Context, v interview.Verdict) error {
	if tx.store.options.OnMilestone == nil {
		return nil
	}
	m := interview.Milestone{Kind: interview.MilestoneJudged, Verdict: v}
	err := collect(ctx, tx, func(r row) error {
		var id string
		err := r.Scan(&id)
		m.Calls = append(m.Calls, id)
		return err
	}, `SELECT DISTINCT call_id FROM claims WHERE hypothesis_id = $1 AND rejected = '' ORDER BY call_id LIMIT 20`, v.HypothesisID)
	if err != nil {
		return fmt.Errorf("looking for the calls of a verdict: %w", err)
	}
	tx.reach(m)
	return nil
}
