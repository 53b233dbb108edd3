package once

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// recordWithin bounds the record of a failure. It comes on top of the delivery's own deadline, and both must stay under
// the 15 s that Twilio waits.
const recordWithin = 2 * time.Second

// Backend runs statements in transactions of the kind T. Statements have $1 placeholders. Every transaction that Begin
// returned is ended by Commit or Rollback, once, with the one exception of a Rollback after a Commit that failed.
type Backend[T any] interface {
	// Begin starts a transaction at the isolation level read committed, or a stronger one without concurrency. Waiting
	// for the lock of another transaction, in it, takes no longer than ctx allows.
	Begin(ctx context.Context) (T, error)
	Commit(ctx context.Context, tx T) error
	Rollback(ctx context.Context, tx T) error
	Exec(ctx context.Context, tx T, query string, args ...any) error
	// QueryRow scans the first row into dest and says whether there was one.
	QueryRow(ctx context.Context, tx T, query string, args []any, dest ...any) (found bool, err error)
}

// Ledger makes events take effect once. It is safe for concurrent use and has no goroutines.
type Ledger[T any] struct {
	backend Backend[T]
	handle  func(context.Context, T, *inbox.Event) (inbox.Reply, error)
	twins   gate
}

// New returns the ledger whose events take the effect that handle gives them in the transaction.
func New[T any](backend Backend[T], handle func(context.Context, T, *inbox.Event) (inbox.Reply, error)) *Ledger[T] {
	return &Ledger[T]{backend: backend, handle: handle}
}

// Process is [inbox.Processor.Process]. Twins in this process wait for each other in memory, so that a hundred
// deliveries of one event do not use a hundred connections; twins in other processes wait at the deduplication row.
func (l *Ledger[T]) Process(ctx context.Context, e *inbox.Event) (inbox.Result, error) {
	if err := checkID(e.ID); err != nil {
		return inbox.Result{}, err
	}
	leave, err := l.twins.enter(ctx, e.ID)
	if err != nil {
		return inbox.Result{}, fmt.Errorf("waiting for an earlier delivery of the event: %w", err)
	}
	defer leave()
	var result inbox.Result
	claimed := false
	err = l.transact(ctx, func(tx T) (err error) {
		result, claimed, err = l.settle(ctx, tx, e)
		return err
	})
	switch {
	case err == nil || errors.Is(err, errNothingToCommit):
		return result, nil
	case errors.As(err, new(*inbox.Refusal)), !claimed:
		return inbox.Result{}, err
	}
	if failure := l.record(ctx, e, err); failure != nil {
		err = errors.Join(err, fmt.Errorf("recording the failed event: %w", failure))
	}
	return inbox.Result{}, err
}

// errNothingToCommit ends a transaction that only read.
var errNothingToCommit = errors.New("nothing to commit")

// settle claims the event and lets it take effect, or finds out what its first delivery was answered.
func (l *Ledger[T]) settle(ctx context.Context, tx T, e *inbox.Event) (result inbox.Result, claimed bool, err error) {
	hash := payloadHash(e)
	var id string
	claimed, err = l.backend.QueryRow(ctx, tx, claimID, []any{e.ID, timestamp(e.ReceivedAt)}, &id)
	if err != nil {
		return result, false, fmt.Errorf("claiming the event: %w", err)
	}
	if !claimed {
		result, err = l.repeated(ctx, tx, e, hash)
		return result, false, err
	}
	reply, err := l.guarded(ctx, tx, e)
	if err != nil {
		return result, true, fmt.Errorf("handling the event: %w", err)
	}
	if err := checkReply(reply); err != nil {
		return result, true, err
	}
	if err := l.backend.Exec(ctx, tx, insertAccepted, acceptedRow(e, hash, reply)...); err != nil {
		return result, true, fmt.Errorf("keeping the event: %w", err)
	}
	return inbox.Result{Outcome: inbox.Accepted, Reply: reply}, true, nil
}

// repeated answers a delivery whose event took effect before, and keeps it where its payload is a new one.
func (l *Ledger[T]) repeated(ctx context.Context, tx T, e *inbox.Event, hash string) (inbox.Result, error) {
	result := inbox.Result{Outcome: inbox.Duplicate}
	var firstHash, source string
	found, err := l.backend.QueryRow(ctx, tx, selectAccepted, []any{e.ID},
		&result.Reply.Status, &result.Reply.ContentType, &result.Reply.Body, &firstHash, &source)
	switch {
	case err != nil:
		return inbox.Result{}, fmt.Errorf("reading the answer of the event: %w", err)
	case !found, firstHash == hash, e.Source == inbox.SourceReconciled, inbox.Source(source) == inbox.SourceReconciled:
		// Not found: a table of ids that is older than this ledger. Reconciled: never the bytes that Twilio sent.
		return result, errNothingToCommit
	}
	result.Outcome = inbox.Conflict
	if err := l.backend.Exec(ctx, tx, insertConflict, eventRow(e, hash)...); err != nil {
		return inbox.Result{}, fmt.Errorf("keeping the conflicting event: %w", err)
	}
	return result, nil
}

// guarded is handle, with a panic as its error.
func (l *Ledger[T]) guarded(ctx context.Context, tx T, e *inbox.Event) (reply inbox.Reply, err error) {
	defer func() {
		if p := inbox.Recovered(recover()); p != nil {
			err = p
		}
	}()
	return l.handle(ctx, tx, e)
}

// record keeps a failed event, in a transaction of its own. Where the failed one was committed after all, as its lost
// connection did not tell, there is no failure to keep.
func (l *Ledger[T]) record(ctx context.Context, e *inbox.Event, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	return l.transact(ctx, func(tx T) error {
		return l.backend.Exec(ctx, tx, upsertFailed, append(eventRow(e, payloadHash(e)), errorText(cause))...)
	})
}

// transact runs body in a transaction and commits it if body returns nil. The error of a commit leaves open whether it
// took place.
func (l *Ledger[T]) transact(ctx context.Context, body func(tx T) error) error {
	tx, err := l.backend.Begin(ctx)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	ended := false
	defer func() { // also when body ends its goroutine
		if !ended {
			// A rollback that cannot be sent is the database's: it ends what its lost connection began.
			_ = l.backend.Rollback(context.WithoutCancel(ctx), tx)
		}
	}()
	if err := body(tx); err != nil {
		return err
	}
	ended = true
	if err := l.backend.Commit(ctx, tx); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}
