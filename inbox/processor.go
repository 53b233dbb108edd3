package inbox

import (
	"context"
	"fmt"
)

// Outcome says what became of a delivery.
type Outcome string

// A delivery takes effect (accepted), repeats one that did (duplicate), or repeats its id with another payload
// (conflict: answered as a duplicate, kept and flagged; what the reconciler rebuilt is never one, since its bytes are not
// Twilio's). A failed one left no trace but its record, and may be sent
// again. A refused one was verified but is not ours to act on.
const (
	Accepted  Outcome = "accepted"
	Duplicate Outcome = "duplicate"
	Conflict  Outcome = "conflict"
	Failed    Outcome = "failed"
	Refused   Outcome = "refused"
)

// Result is what a Processor says of a delivery: Accepted, Duplicate or Conflict, with the reply of the first.
type Result struct {
	Outcome Outcome
	Reply   Reply
}

// Processor makes an event take effect exactly once.
//
// Process returns after the event's deduplication row, its raw body, its effects and its reply are committed
// together, or after it found that an earlier delivery did so. A delivery whose twin is in flight waits for it, for no
// longer than ctx allows. When the handling fails nothing of it is kept but a record of the failure, and the next
// delivery is processed as if it were the first.
//
// The error is a [*Refusal] when the event must not be acted on, and anything else when the fault is ours; neither
// leaves a deduplication row. inboxtest.Exercise holds every Processor to this text.
type Processor interface {
	Process(ctx context.Context, event *Event) (Result, error)
}

// Refusal is the answer to a verified request that must not take effect: unknown call, a call that belongs to another
// CallSid, a missing parameter. It is the sender's fault, never ours.
type Refusal struct {
	// Status is the HTTP status, 400 to 499.
	Status int
	// Reason is the text of the answer {"error": Reason}.
	Reason string
}

func (r *Refusal) Error() string { return fmt.Sprintf("refused with %d: %s", r.Status, r.Reason) }

// Refuse returns a Refusal.
func Refuse(status int, reason string) error { return &Refusal{Status: status, Reason: reason} }
