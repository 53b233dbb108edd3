package interview

import (
	"encoding/json"
	"fmt"
	"time"
)

// RunState is where a run of a function stands in the ledger.
type RunState string

// A run waits for its next attempt, runs, or ended. A failed run is dead until somebody retries it.
const (
	RunWaiting RunState = "waiting"
	RunRunning RunState = "running"
	RunDone    RunState = "done"
	RunFailed  RunState = "failed"
)

// Run is one attempt at a job. ID and Attempt together are its fence: a transaction that ends a run commits only while
// that attempt is the running one, so an attempt that was given up for dead cannot take effect beside its successor.
type Run struct {
	ID       string
	Function Function
	Key      string
	// Attempt counts from 1, over all retries.
	Attempt int
	// AttemptsAllowed is the attempt at which the run is given up.
	AttemptsAllowed int
	// FailingSince is when the first of the last attempts in a row failed for a service that is away, nil when none did.
	FailingSince *time.Time
	Args         json.RawMessage
}

// Decode reads the run's arguments into args, a pointer to one of the Args types.
func (r Run) Decode(args any) error {
	if err := json.Unmarshal(r.Args, args); err != nil {
		return fmt.Errorf("arguments of %s: %w", r.Function, err)
	}
	return nil
}
