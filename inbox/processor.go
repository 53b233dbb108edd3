package inbox

import (
	"context"
	"fmt"
	"time"
)

// Outcome says what became of a delivery.
type Outcome string

// The outcomes. A conflict is answered as a duplicate, and recorded; an event that was rebuilt from Twilio's REST API never
// is one, since it does not have the bytes that Twilio sent.
const (
	Accepted  Outcome = "accepted"  // it took effect
	Duplicate Outcome = "duplicate" // it repeats one that took effect
	Conflict  Outcome = "conflict"  // it has the id of one that took effect, and another payload
	Failed    Outcome = "failed"    // nothing of it was kept but a record of the failure; it may be sent again
	Refused   Outcome = "refused"   // it was verified, but the program must not act on it
)

// Result is what became of a delivery: Accepted, Duplicate or Conflict, with the reply to the first delivery.
type Result struct {
	Outcome Outcome
	Reply   Reply // what the sender is answered
}

// Processor makes an event take effect exactly once.
//
// Process returns after the event's deduplication row, its raw body, its effects and its reply are committed
// together, or after it found that an earlier delivery did so. While another delivery of the same event is being
// processed it waits, for no longer than ctx allows. When the handling fails nothing of it is kept but a record of the
// failure, and the next delivery is processed as if it were the first.
//
// These rules are the same for every Processor:
//
//   - Two deliveries have the same payload if they have the same [Event.PayloadHash].
//   - A reply that [Reply.Check] does not accept is a failure.
//   - Each payload that failed has one record, which counts its failures and holds the error of the last.
//   - Of an event's conflicts, one record is kept for each payload, at most [MaxConflicts].
//
// The error is a [*Refusal] when the event must not be acted on, and any other error when the fault is the program's;
// neither leaves a deduplication row. inboxtest.Exercise tests all of this.
type Processor interface {
	Process(ctx context.Context, event *Event) (Result, error)
}

// MaxConflicts is how many conflicting payloads of one event are recorded. Later ones are answered, not recorded.
const MaxConflicts = 16

// Refusal is the answer to a verified request that must not take effect: unknown call, a call that belongs to another
// CallSid, a missing parameter. It is the sender's fault, never the program's.
type Refusal struct {
	// Status is the HTTP status, 400 to 499.
	Status int
	// Reason is the text of the answer {"error": Reason}.
	Reason string
}

// Error names the status and the reason.
func (r *Refusal) Error() string { return fmt.Sprintf("refused with %d: %s", r.Status, r.Reason) }

// Refuse returns a Refusal.
func Refuse(status int, reason string) error { return &Refusal{Status: status, Reason: reason} }

// RepeatHorizon is how long after a webhook Twilio may still send it again, or one with the same id: a call lasts up to 24
// hours, and the delivery receipts of a message come up to three days later. The Prune of inboxpgx and inboxsql removes
// no younger ids.
const RepeatHorizon = 7 * 24 * time.Hour
