package inboxsql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/internal/once"
)

// Dialect names the kind of database.
type Dialect string

// The databases that the Processor knows.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Handle gives an event its effect, in tx, and says what to answer. It must neither commit nor roll back, use no other
// connection for what belongs to the effect, and keep off the network: a transaction that waits for somebody else
// holds up every twin. An [*inbox.Refusal] is answered as such; any other error, and a panic, rolls everything back, and
// the event is recorded as failed. The event is not to be changed. A reply's status is 200 to 499.
type Handle func(ctx context.Context, tx *sql.Tx, event *inbox.Event) (inbox.Reply, error)

// Processor makes events take effect once, in transactions of a *sql.DB. It is safe for concurrent use, has no
// goroutines and needs no Close.
type Processor struct {
	ledger  *once.Ledger[*transaction]
	dialect Dialect
}

var _ inbox.Processor = (*Processor)(nil)

// New returns a Processor over db, whose tables [Processor.Migrate] creates. It does not touch the database.
func New(db *sql.DB, dialect Dialect, handle Handle) (*Processor, error) {
	switch {
	case db == nil:
		return nil, errors.New("inboxsql: no database")
	case handle == nil:
		return nil, errors.New("inboxsql: no function to handle an event")
	case dialect != SQLite && dialect != Postgres:
		return nil, fmt.Errorf("inboxsql: unknown dialect %q", dialect)
	}
	var backend once.Backend[*transaction] = postgres{statements{}, db}
	if dialect == SQLite {
		backend = sqlite{statements{}, db, make(chan struct{}, 1)}
	}
	ledger := once.New(backend, func(ctx context.Context, tx *transaction, e *inbox.Event) (inbox.Reply, error) {
		return handle(ctx, tx.Tx, e)
	})
	return &Processor{ledger, dialect}, nil
}

// Process makes the event take effect once. See [inbox.Processor].
func (p *Processor) Process(ctx context.Context, event *inbox.Event) (inbox.Result, error) {
	return p.ledger.Process(ctx, event)
}

// Migrate creates the tables webhook_dedup and inbox_events where they are missing. It may run at every start, in
// several processes at once.
func (p *Processor) Migrate(ctx context.Context) error {
	if err := p.ledger.Migrate(ctx, once.Dialect(p.dialect)); err != nil {
		return fmt.Errorf("creating the tables of the inbox: %w", err)
	}
	return nil
}

// Schema returns the statements that Migrate runs in one transaction, for programs with migrations of their own.
func Schema(dialect Dialect) []string { return once.Schema(once.Dialect(dialect)) }

// Prune forgets what is old, in one transaction: of events received before payloads their raw bodies, and the records of
// failures and conflicts; of events received before ids everything, so that they would take effect again. Twilio's
// signature does not expire, therefore keep ids longer than a captured request could matter. It is an error if ids is
// after payloads.
func (p *Processor) Prune(ctx context.Context, payloads, ids time.Time) error {
	return p.ledger.Prune(ctx, payloads, ids)
}
