package inboxpgx

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/internal/dedup"
)

// Handle gives an event its effect, in tx, and returns the answer. Its tx cannot be committed or rolled back, and must not
// be by SQL of its own: the event would be claimed without its effect. It may begin nested transactions. It should use no
// other connection and make no network requests, since every other delivery of the event waits for the transaction. An
// [*inbox.Refusal] is answered as such; any other error, and a panic, rolls everything back, and the event is recorded as
// failed. The event must not be changed. A reply's status is 200 to 499.
type Handle func(ctx context.Context, tx pgx.Tx, event *inbox.Event) (inbox.Reply, error)

// Processor makes events take effect once, in transactions of a pgx pool. It is safe for concurrent use, has no
// goroutines and needs no Close.
type Processor struct {
	dedup *dedup.Processor[pgx.Tx]
}

var _ inbox.Processor = (*Processor)(nil)

// Option changes the names of the tables. See [WithSchema] and [WithPrefix].
type Option = dedup.Option

// WithSchema puts the tables into a schema, which must exist. Without it they are in the first schema of the search_path.
func WithSchema(name string) Option { return func(t *dedup.Tables) { t.Schema = name } }

// WithPrefix puts a prefix before the names of the tables, so that several inboxes can share a schema: "sms_" names them
// sms_webhook_dedup and sms_inbox_events. It is at most 42 lower-case letters, digits and underscores.
func WithPrefix(prefix string) Option { return func(t *dedup.Tables) { t.Prefix = prefix } }

// New returns a Processor over pool, whose tables [Processor.Migrate] creates. It does not touch the database.
func New(pool *pgxpool.Pool, handle Handle, options ...Option) (*Processor, error) {
	switch {
	case pool == nil:
		return nil, errors.New("inboxpgx: no pool")
	case handle == nil:
		return nil, errors.New("inboxpgx: no function to handle an event")
	}
	p, err := dedup.New(backend{pool}, dedup.Postgres, options, func(ctx context.Context, tx pgx.Tx, e *inbox.Event) (inbox.Reply, error) {
		return handle(ctx, lentTx{tx}, e)
	})
	if err != nil {
		return nil, fmt.Errorf("inboxpgx: %w", err)
	}
	return &Processor{p}, nil
}

// Process makes the event take effect once. See [inbox.Processor].
func (p *Processor) Process(ctx context.Context, event *inbox.Event) (inbox.Result, error) {
	return p.dedup.Process(ctx, event)
}

// Migrate creates the tables webhook_dedup and inbox_events where they are missing. It may run at every start, in
// several processes at once.
func (p *Processor) Migrate(ctx context.Context) error { return p.dedup.Migrate(ctx) }

// Schema returns the statements that Migrate runs in one transaction, for programs with migrations of their own. The
// options are those of [New].
func Schema(options ...Option) ([]string, error) {
	return dedup.Schema(dedup.Postgres, options)
}

// Prune removes what is old, in transactions of at most 500 rows. Of events received before payloads it removes the raw
// bodies, and the records of failures and conflicts; such an event is still a duplicate when it comes again. Events received
// before ids are removed altogether, and would take effect again: Twilio's signature does not expire, so keep ids longer than
// a captured request could do harm. It is an error if ids is after payloads, or younger than [inbox.RepeatHorizon].
// Call it once a day or so; it may run while webhooks arrive, and in several processes at once.
func (p *Processor) Prune(ctx context.Context, payloads, ids time.Time) error {
	return p.dedup.Prune(ctx, payloads, ids)
}
