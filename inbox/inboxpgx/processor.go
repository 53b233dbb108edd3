package inboxpgx

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/internal/once"
)

// Handle gives an event its effect, in tx, and says what to answer. Its tx cannot be committed or rolled back, and
// must not be by SQL of its own: the event would be claimed without its effect. It may begin nested transactions. It
// should use no other connection and keep off the network: a transaction that waits for somebody else holds up every
// twin. An [*inbox.Refusal] is answered as such; any other error, and a panic, rolls everything back, and the event is
// recorded as failed. The event is not to be changed. A reply's status is 200 to 499.
type Handle func(ctx context.Context, tx pgx.Tx, event *inbox.Event) (inbox.Reply, error)

// Processor makes events take effect once, in transactions of a pgx pool. It is safe for concurrent use, has no
// goroutines and needs no Close.
type Processor struct {
	ledger *once.Ledger[pgx.Tx]
}

var _ inbox.Processor = (*Processor)(nil)

// New returns a Processor over pool, whose tables [Processor.Migrate] creates. It does not touch the database.
func New(pool *pgxpool.Pool, handle Handle) (*Processor, error) {
	switch {
	case pool == nil:
		return nil, errors.New("inboxpgx: no pool")
	case handle == nil:
		return nil, errors.New("inboxpgx: no function to handle an event")
	}
	return &Processor{once.New(backend{pool}, func(ctx context.Context, tx pgx.Tx, e *inbox.Event) (inbox.Reply, error) {
		return handle(ctx, lentTx{tx}, e)
	})}, nil
}

// Process makes the event take effect once. See [inbox.Processor].
func (p *Processor) Process(ctx context.Context, event *inbox.Event) (inbox.Result, error) {
	return p.ledger.Process(ctx, event)
}

// Migrate creates the tables webhook_dedup and inbox_events where they are missing. It may run at every start, in
// several processes at once.
func (p *Processor) Migrate(ctx context.Context) error {
	if err := p.ledger.Migrate(ctx, once.Postgres); err != nil {
		return fmt.Errorf("creating the tables of the inbox: %w", err)
	}
	return nil
}

// Schema returns the statements that Migrate runs in one transaction, for programs with migrations of their own.
func Schema() []string { return once.Schema(once.Postgres) }

// Prune forgets what is old, in one transaction: of events received before payloads their raw bodies, and the records of
// failures and conflicts; of events received before ids everything, so that they would take effect again. Twilio's
// signature does not expire, therefore keep ids longer than a captured request could matter. It is an error if ids is
// after payloads.
func (p *Processor) Prune(ctx context.Context, payloads, ids time.Time) error {
	return p.ledger.Prune(ctx, payloads, ids)
}
