// Package inboxpgx_test runs the conformance suite and more on inboxpgx, with a real
// PostgreSQL. It is here and not beside the package, so that whoever imports the
// package does not inherit what starts the server.
package inboxpgx_test

import (
	"context"
	"net"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxpgx"
	"github.com/i-agent/iagent/inbox/inboxtest"
	"github.com/i-agent/iagent/internal/testdb"
)

func TestPostgres(t *testing.T) {
	inboxtest.Exercise(t, func(t *testing.T, handle inboxtest.Handle) inboxtest.Harness {
		return newHarness(t, testdb.Postgres(t), pgx.QueryExecModeCacheStatement, handle)
	})
}

// harness counts an effect for every event that its function saw in the transaction.
type harness struct {
	t         testing.TB
	url       string
	mode      pgx.QueryExecMode
	handle    inboxtest.Handle
	fuse      *inboxtest.Fuse
	plain     *pgxpool.Pool // does not pass the fuse
	pool      *pgxpool.Pool
	processor *inboxpgx.Processor
}

func newHarness(t testing.TB, url string, mode pgx.QueryExecMode, handle inboxtest.Handle) *harness {
	t.Helper()
	h := &harness{t: t, url: url, mode: mode, handle: handle, fuse: new(inboxtest.Fuse)}
	h.plain = h.connect(nil)
	t.Cleanup(func() {
		h.plain.Close()
		h.pool.Close()
	})
	if err := h.open(h.plain).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.plain.Exec(t.Context(), `CREATE TABLE effects (event_id TEXT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	h.start()
	return h
}

func (h *harness) start() {
	h.pool = h.connect(h.fuse)
	h.processor = h.open(h.pool)
}

func (h *harness) connect(fuse *inboxtest.Fuse) *pgxpool.Pool {
	h.t.Helper()
	config, err := pgxpool.ParseConfig(h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	config.MaxConns = 8
	config.ConnConfig.DefaultQueryExecMode = h.mode
	if fuse != nil {
		dial := config.ConnConfig.DialFunc
		config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return fuse.Conn(c), nil
		}
	}
	pool, err := pgxpool.NewWithConfig(h.t.Context(), config)
	if err != nil {
		h.t.Fatal(err)
	}
	return pool
}

func (h *harness) open(pool *pgxpool.Pool) *inboxpgx.Processor {
	p, err := inboxpgx.New(pool, func(ctx context.Context, tx pgx.Tx, e *inbox.Event) (inbox.Reply, error) {
		if _, err := tx.Exec(ctx, `INSERT INTO effects (event_id) VALUES ($1)`, e.ID); err != nil {
			return inbox.Reply{}, err
		}
		return h.handle(e)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// handling is a Processor whose handler does something else.
func (h *harness) handling(do func(context.Context, pgx.Tx) error) *inboxpgx.Processor {
	h.t.Helper()
	p, err := inboxpgx.New(h.plain, func(ctx context.Context, tx pgx.Tx, _ *inbox.Event) (inbox.Reply, error) {
		return inbox.Reply{}, do(ctx, tx)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *harness) Process(ctx context.Context, e *inbox.Event) (inbox.Result, error) {
	return h.processor.Process(ctx, e)
}

func (h *harness) Peer() inbox.Processor { return h.open(h.plain) }

func (h *harness) Fuse() *inboxtest.Fuse { return h.fuse }

func (h *harness) Reopen(ctx context.Context) error {
	h.pool.Close()
	h.fuse.Reset()
	h.start()
	return h.pool.Ping(ctx)
}

func (h *harness) Effects(ctx context.Context, id string) (n int, err error) {
	err = h.plain.QueryRow(ctx, `SELECT COUNT(*) FROM effects WHERE event_id = $1`, id).Scan(&n)
	return n, err
}

func (h *harness) Claimed(ctx context.Context, id string) (claimed bool, err error) {
	err = h.plain.QueryRow(ctx, `SELECT COUNT(*) > 0 FROM webhook_dedup WHERE "id" = $1`, id).Scan(&claimed)
	return claimed, err
}

func (h *harness) Events(ctx context.Context, id string) ([]inboxtest.Recorded, error) {
	rows, err := h.plain.Query(ctx, `SELECT outcome, error, attempt, body FROM inbox_events WHERE event_id = $1 ORDER BY id`, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[inboxtest.Recorded])
}
