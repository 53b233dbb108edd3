package store

import "github.com/i-agent/iagent/internal/interview"

// CallChange is a call that has another status than before, or is new.
type CallChange struct {
	// Call is the call as it was committed. Of a queued call that was canceled with its campaign it has ID and Status only.
	Call interview.Call
	// Before is the status that it had, "" for a new call.
	Before interview.CallStatus
}

// locked notes the status of a call whose row this transaction holds, from which the next change is told.
func (tx *Tx) locked(call interview.Call) {
	if tx.statuses == nil {
		tx.statuses = map[string]interview.CallStatus{}
	}
	tx.statuses[call.ID] = call.Status
}

// callChanged notes that this transaction gives a call another status.
func (tx *Tx) callChanged(call interview.Call, before interview.CallStatus) {
	if call.Status != before && tx.store.options.OnCallChanges != nil {
		tx.changes = append(tx.changes, CallChange{Call: call, Before: before})
	}
}

// committed reports what the transaction changed. A commit whose answer was lost is not reported, though it may have taken
// effect.
func (tx *Tx) committed() {
	if len(tx.changes) > 0 {
		tx.store.options.OnCallChanges(tx.changes)
	}
	for _, m := range tx.reached {
		tx.store.options.OnMilestone(m)
	}
	tx.changes, tx.reached = nil, nil
}
