package dedup

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
	// Query calls scan for each row of a SELECT that runs outside of a transaction.
	Query(ctx context.Context, query string, args []any, scan func(Row) error) error
}

// Row is one row of a result.
type Row interface {
	Scan(dest ...any) error
}

// Processor makes events take effect once. It is safe for concurrent use and has no goroutines.
type Processor[T any] struct {
	backend Backend[T]
	dialect Dialect
	options []Option
	handle  func(context.Context, T, *inbox.Event) (inbox.Reply, error)
	sql     statements
	events  eventLock
}

// New returns the Processor whose events take the effect that handle gives them in the transaction.
func New[T any](backend Backend[T], d Dialect, options []Option, handle func(context.Context, T, *inbox.Event) (inbox.Reply, error)) (*Processor[T], error) {
	t := tablesOf(options)
	if err := t.check(d); err != nil {
		return nil, err
	}
	return &Processor[T]{backend: backend, dialect: d, options: options, handle: handle, sql: newStatements(t)}, nil
}

// Process is [inbox.Processor.Process]. Deliveries of one event wait for each other in memory, so that a hundred of them do
// not use a hundred connections; those in other processes wait at the deduplication row.
func (p *Processor[T]) Process(ctx context.Context, e *inbox.Event) (inbox.Result, error) {
	if err := checkID(e.ID); err != nil {
		return inbox.Result{}, err
	}
	release, err := p.events.acquire(ctx, e.ID)
	if err != nil {
		return inbox.Result{}, fmt.Errorf("waiting for an earlier delivery of the event: %w", err)
	}
	defer release()
	var result inbox.Result
	claimed := false
	err = p.transact(ctx, func(tx T) (err error) {
		result, claimed, err = p.settle(ctx, tx, e)
		return err
	})
	switch {
	case err == nil || errors.Is(err, errNothingToCommit):
		return result, nil
	case errors.As(err, new(*inbox.Refusal)), !claimed:
		return inbox.Result{}, err
	}
	if failure := p.record(ctx, e, err); failure != nil {
		err = errors.Join(err, fmt.Errorf("recording the failed event: %w", failure))
	}
	return inbox.Result{}, err
}

// errNothingToCommit ends a transaction that only read.
var errNothingToCommit = errors.New("nothing to commit")

// settle claims the event and lets it take effect, or finds out what its first delivery was answered.
func (p *Processor[T]) settle(ctx context.Context, tx T, e *inbox.Event) (result inbox.Result, claimed bool, err error) {
	hash := payloadHash(e)
	var id string
	claimed, err = p.backend.QueryRow(ctx, tx, p.sql.claim, []any{e.ID, timestamp(e.ReceivedAt)}, &id)
	if err != nil {
		return result, false, fmt.Errorf("claiming the event: %w", err)
	}
	if !claimed {
		result, err = p.repeated(ctx, tx, e, hash)
		return result, false, err
	}
	reply, err := p.guarded(ctx, tx, e)
	if err != nil {
		return result, true, fmt.Errorf("handling the event: %w", err)
	}
	if err := reply.Check(); err != nil {
		return result, true, err
	}
	if err := p.backend.Exec(ctx, tx, p.sql.insertAccepted, acceptedRow(e, hash, reply)...); err != nil {
		return result, true, fmt.Errorf("keeping the event: %w", err)
	}
	return inbox.Result{Outcome: inbox.Accepted, Reply: reply}, true, nil
}

// repeated answers a delivery whose event took effect before, and keeps it where its payload is a new one.
func (p *Processor[T]) repeated(ctx context.Context, tx T, e *inbox.Event, hash string) (inbox.Result, error) {
	result := inbox.Result{Outcome: inbox.Duplicate}
	var firstHash, source string
	found, err := p.backend.QueryRow(ctx, tx, p.sql.selectAccepted, []any{e.ID},
		&result.Reply.Status, &result.Reply.ContentType, &result.Reply.Body, &firstHash, &source)
	switch {
	case err != nil:
		return inbox.Result{}, fmt.Errorf("reading the answer of the event: %w", err)
	case !found, firstHash == hash, e.Source == inbox.SourceReconciled, inbox.Source(source) == inbox.SourceReconciled:
		// Not found: an id of another program, without its answer. Reconciled: never the bytes that Twilio sent.
		return result, errNothingToCommit
	}
	result.Outcome = inbox.Conflict
	if err := p.backend.Exec(ctx, tx, p.sql.insertConflict, eventRow(e, hash)...); err != nil {
		return inbox.Result{}, fmt.Errorf("keeping the conflicting event: %w", err)
	}
	return result, nil
}

// guarded is handle, with a panic as its error.
func (p *Processor[T]) guarded(ctx context.Context, tx T, e *inbox.Event) (reply inbox.Reply, err error) {
	defer func() {
		if panicked := inbox.Recovered(recover()); panicked != nil {
			err = panicked
		}
	}()
	return p.handle(ctx, tx, e)
}

// record keeps a failed event, in a transaction of its own. Where the failed one was committed after all, as its lost
// connection did not tell, there is no failure to keep.
func (p *Processor[T]) record(ctx context.Context, e *inbox.Event, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	return p.transact(ctx, func(tx T) error {
		return p.backend.Exec(ctx, tx, p.sql.upsertFailed, append(eventRow(e, payloadHash(e)), errorText(cause))...)
	})
}

// transact runs body in a transaction and commits it if body returns nil. The error of a commit leaves open whether it
// took place.
func (p *Processor[T]) transact(ctx context.Context, body func(tx T) error) error {
	tx, err := p.backend.Begin(ctx)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	ended := false
	defer func() { // also when body ends its goroutine
		if !ended {
			// If it cannot be sent, the database ends the transaction with the lost connection.
			_ = p.backend.Rollback(context.WithoutCancel(ctx), tx)
		}
	}()
	if err := body(tx); err != nil {
		return err
	}
	ended = true
	if err := p.backend.Commit(ctx, tx); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}
