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
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxpgx"
	"github.com/i-agent/iagent/inbox/inboxtest"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/testinbox"
)

func TestProcessorPassesTheSuiteOnPostgres(t *testing.T) {
	inboxtest.Exercise(t, func(t *testing.T, handle inboxtest.Handle) inboxtest.Harness {
		return newHarness(t, testdb.Postgres(t), pgx.QueryExecModeCacheStatement, handle)
	})
}

// harness counts an effect for every event that its function saw in the transaction.
type harness struct {
	testinbox.View
	t         testing.TB
	url       string
	mode      pgx.QueryExecMode
	handle    inboxtest.Handle
	faults    *inboxtest.FaultInjector
	plain     *pgxpool.Pool // of the peer: does not pass the faults
	pool      *pgxpool.Pool
	processor *inboxpgx.Processor
}

func newHarness(t testing.TB, url string, mode pgx.QueryExecMode, handle inboxtest.Handle) *harness {
	t.Helper()
	h := &harness{t: t, url: url, mode: mode, handle: handle, faults: new(inboxtest.FaultInjector)}
	h.plain = h.connect(nil)
	t.Cleanup(func() {
		h.plain.Close()
		h.pool.Close()
	})
	if err := h.open(h.plain).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.View = testinbox.NewView(t, stdlib.OpenDB(*h.plain.Config().ConnConfig))
	h.start()
	return h
}

func (h *harness) start() {
	h.pool = h.connect(h.faults)
	h.processor = h.open(h.pool)
}

func (h *harness) connect(faults *inboxtest.FaultInjector) *pgxpool.Pool {
	h.t.Helper()
	config, err := pgxpool.ParseConfig(h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	config.MaxConns = 8
	config.ConnConfig.DefaultQueryExecMode = h.mode
	if faults != nil {
		dial := config.ConnConfig.DialFunc
		config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return faults.Conn(c), nil
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
		if _, err := tx.Exec(ctx, testinbox.InsertEffect, e.ID); err != nil {
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

func (h *harness) Faults() *inboxtest.FaultInjector { return h.faults }

func (h *harness) Reopen(ctx context.Context) error {
	h.pool.Close()
	h.faults.Reset()
	h.start()
	return h.pool.Ping(ctx)
}
