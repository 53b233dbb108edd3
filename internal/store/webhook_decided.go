package store

import (
	"errors"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// Decided is what was decided on an event, and is settled: its transaction was committed, or the event was refused. Nothing of it
// may be written to, not even through pointers.
type Decided struct {
	// Call is as it stood before.
	Call   interview.Call
	Event  *inbox.Event
	Change interview.Change
	Reply  inbox.Reply
	// Err is the *inbox.Refusal of the decision, or nil.
	Err error
}

// OnDecided makes the Processor call a function with each decision, after the commit and before the answer: it must return at
// once. Duplicates, and events that fail or are refused before a decision, have none. Call it before the first event.
func (p *Processor) OnDecided(f func(Decided)) { p.onDecided = f }

// tellDecided passes on what was decided on a delivery, if that stands.
func (p *Processor) tellDecided(d *delivery) {
	if p.onDecided == nil || d.decided == nil || d.err != nil && !errors.As(d.err, new(*inbox.Refusal)) {
		return
	}
	p.onDecided(*d.decided)
}
