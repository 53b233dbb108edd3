package store

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// CallChange is a call that has another status than before, or is new.
type CallChange struct {
	// Call is the call as it was committed. Of a queued call that was canceled with its campaign it has ID and Status only.
	Call interview.Call
	// Before is the status that it had, "" for a new call.
	Before interview.CallStatus
}

// hold notes a call whose row this transaction holds, from which its next change is told.
func (tx *Tx) hold(call interview.Call) {
	if tx.held == nil {
		tx.held = map[string]interview.Call{}
	}
	tx.held[call.ID] = call
}

// callChanged notes what a change of a call was: another status, and the steps that lie between. event and request are the
// webhook that brought it, "" for none.
func (tx *Tx) callChanged(was, is interview.Call, event, request string) {
	tx.statusChanged(is, was.Status)
	for _, kind := range interview.MilestonesBetween(was, is) {
		tx.reach(interview.Milestone{Kind: kind, Call: is, Event: event, Request: request})
	}
}

// expectChanges makes room for what n webhooks change.
func (tx *Tx) expectChanges(n int) {
	if tx.store.options.OnCallChanges != nil {
		tx.changes = make([]CallChange, 0, n)
	}
	if tx.store.options.OnMilestone != nil {
		tx.milestones = make([]interview.Milestone, 0, n)
	}
}

// statusChanged notes that this transaction gives a call another status.
func (tx *Tx) statusChanged(call interview.Call, before interview.CallStatus) {
	if call.Status != before && tx.store.options.OnCallChanges != nil {
		tx.changes = append(tx.changes, CallChange{Call: call, Before: before})
	}
}

// reach notes a step.
func (tx *Tx) reach(m interview.Milestone) {
	if tx.store.options.OnMilestone == nil {
		return
	}
	if m.Run == "" {
		m.Run = tx.run
	}
	tx.milestones = append(tx.milestones, m)
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

// Refused counts people whom the gate refused for one reason: all, and those whose campaign waits for a time or a switch.
type Refused struct{ People, Waiting int }

// refused notes what the gate refused, and about what.
func (tx *Tx) refused(facts interview.GateFacts, v interview.GateVerdict, simulated bool) {
	if tx.store.options.OnRefusals == nil || simulated {
		return
	}
	if tx.refusals == nil {
		tx.refusals = map[interview.Refusal]Refused{}
	}
	n := tx.refusals[v.Refusal]
	n.People++
	if facts.CampaignWaits(v) {
		n.Waiting++
	}
	tx.refusals[v.Refusal] = n
}

// committed reports what the transaction changed. A commit whose answer was lost is not reported, though it may have taken
// effect.
func (tx *Tx) committed() {
	if len(tx.changes) > 0 {
		tx.store.options.OnCallChanges(tx.changes)
	}
	for _, m := range tx.milestones {
		tx.store.options.OnMilestone(m)
	}
	if len(tx.refusals) > 0 {
		tx.store.options.OnRefusals(tx.refusals)
	}
	tx.changes, tx.milestones, tx.refusals = nil, nil, nil
}
