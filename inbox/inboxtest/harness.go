package inboxtest

import (
	"context"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

// Handle is what the suite makes of an event. It stands for the application: the Processor under test calls it once for
// every handling, with the event as it was delivered, and makes its reply durable together with exactly one effect. It
// may block, fail, refuse with an [*inbox.Refusal] and panic; it does not touch the database.
type Handle func(*inbox.Event) (inbox.Reply, error)

// Open returns a Harness over a new, empty and migrated database, whose Processor asks handle what to do. It registers
// its own cleanup with t.
type Open func(t *testing.T, handle Handle) Harness

// Harness is a Processor under test, and a window on what it has made durable.
//
// Effects, Claimed and Events read what is committed, on a connection of their own that does not pass the fuse. They are
// called from any goroutine, the other methods from one.
type Harness interface {
	// Process delivers an event to the Processor under test.
	inbox.Processor
	// Peer is another Processor over the same database, as a second server process would have it: nothing in memory is
	// shared. It calls the same handle and does not pass the fuse. It is nil where the database belongs to one process.
	Peer() inbox.Processor
	// Effects counts the effects of an event: one for each successful handling, written in the transaction that
	// claims it.
	Effects(ctx context.Context, eventID string) (int, error)
	// Claimed says whether the event has its deduplication row.
	Claimed(ctx context.Context, eventID string) (bool, error)
	// Events returns the records of an event, oldest first.
	Events(ctx context.Context, eventID string) ([]Recorded, error)
	// Fuse is what every statement of the Processor passes; see [Fuse].
	Fuse() *Fuse
	// Reopen ends the Processor as a crash would, without asking it, and starts another with the same handle over the
	// same database, connected and with a whole fuse.
	Reopen(ctx context.Context) error
}

// Recorded is one record that a Processor keeps of an event. A Processor has one Accepted record for an event that took
// effect, one Conflict record for every other payload that came under its id, and for failures either a record of each
// or one that is brought up to date.
type Recorded struct {
	// Outcome is Accepted, Conflict, Failed or Refused; duplicates need no record.
	Outcome inbox.Outcome
	// Error is what a failed handling failed with, possibly shortened.
	Error string
	// Attempt counts a failed event's failures so far, this one included: 1 for the first.
	Attempt int
	// Body is the raw body, byte for byte.
	Body []byte
}
