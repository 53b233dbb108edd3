package inboxtest

import (
	"context"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

// Handle handles an event as the suite wants it. It stands for the application: the Processor under test calls it with the
// event as it was delivered, and makes its reply durable together with exactly one effect. It may block, fail, refuse
// with an [*inbox.Refusal] and panic; it does not touch the database.
//
// It is called once for a delivery that succeeds, and not for its duplicates and conflicts. It may be called again only
// where the handling before was rolled back, as for an event whose commit failed because of another one.
type Handle func(*inbox.Event) (inbox.Reply, error)

// Open returns a Harness over a new, empty and migrated database, whose Processor asks handle what to do. It registers
// its own cleanup with t.
type Open func(t *testing.T, handle Handle) Harness

// Harness is a Processor under test, with access to what it has made durable.
//
// Effects, Claimed and Events read what is committed, on a connection of their own that does not pass the
// FaultInjector. They are
// called from any goroutine, the other methods from one.
type Harness interface {
	// Process delivers an event to the Processor under test.
	inbox.Processor
	// Peer is another Processor over the same database, as a second server process would have it: nothing in memory is
	// shared. It calls the same handle and does not pass the FaultInjector. It is nil where the database belongs to one process.
	Peer() inbox.Processor
	// Effects counts the effects of an event: one for each successful handling, written in the transaction that
	// claims it.
	Effects(ctx context.Context, eventID string) (int, error)
	// Claimed says whether the event has its deduplication row.
	Claimed(ctx context.Context, eventID string) (bool, error)
	// Events returns the records of an event, oldest first.
	Events(ctx context.Context, eventID string) ([]Recorded, error)
	// Faults is what every statement of the Processor passes; see [FaultInjector].
	Faults() *FaultInjector
	// Reopen ends the Processor as a crash would, without asking it, and starts another with the same handle over the
	// same database, connected and without a fault.
	Reopen(ctx context.Context) error
}

// Recorded is one record that a Processor keeps of an event. These are required:
//
//   - Accepted: one of an event that took effect, none of any other;
//   - Conflict: one for every other payload that came under the event's id, however often it came, and no more than
//     [inbox.MaxConflicts] for an event; none where either was [inbox.SourceReconciled], see the package's documentation;
//   - Failed: one for each payload that failed, however often it failed, with the error of the last time; none of a
//     refusal.
//
// A record of a refusal (Refused) or of a duplicate is optional; the suite passes over it.
type Recorded struct {
	// Outcome is Accepted, Conflict or Failed, or that of an optional record.
	Outcome inbox.Outcome
	// Error is what a failed handling failed with, as text: whole if it is short, and the beginning of a long one, so
	// that it has at most 8 KiB (8,192 bytes). A Processor may put words of its own before it, and may leave out or
	// replace what its database cannot keep, such as NUL and what is not UTF-8. Of a panic it has the value.
	Error string
	// Attempt counts how often the payload of a failed record has failed: 1 for the first time.
	Attempt int
	// Body is the raw body of the delivery that is recorded, byte for byte.
	Body []byte
}
