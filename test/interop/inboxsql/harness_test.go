// Package inboxsql_test runs the conformance suite and more on inboxsql, with real
// databases. It is here and not beside the package, so that whoever imports the
// package does not inherit the drivers and what starts the servers.
package inboxsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxsql"
	"github.com/i-agent/iagent/inbox/inboxtest"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/testinbox"
)

func TestProcessorPassesTheSuiteOnSQLite(t *testing.T) {
	inboxtest.Exercise(t, func(t *testing.T, handle inboxtest.Handle) inboxtest.Harness {
		connector := sqliteConnector(t, testdb.SQLite(t), "&_txlock=immediate")
		return newHarness(t, inboxsql.SQLite, connector, handle)
	})
}

// A program that did not ask for BEGIN IMMEDIATE must not lose anything either.
func TestProcessorPassesTheSuiteWithDeferredTransactions(t *testing.T) {
	inboxtest.Exercise(t, func(t *testing.T, handle inboxtest.Handle) inboxtest.Harness {
		return newHarness(t, inboxsql.SQLite, sqliteConnector(t, testdb.SQLite(t), ""), handle)
	})
}

func TestProcessorPassesTheSuiteOnPostgres(t *testing.T) {
	inboxtest.Exercise(t, func(t *testing.T, handle inboxtest.Handle) inboxtest.Harness {
		return newHarness(t, inboxsql.Postgres, postgresConnector(t, testdb.Postgres(t)), handle)
	})
}

// sqliteConnector opens a file as the package's documentation says.
func sqliteConnector(t testing.TB, path, options string) driver.Connector {
	t.Helper()
	dsn := "file:" + path + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" + options
	return inboxtest.DriverConnector(&sqlite.Driver{}, dsn)
}

func postgresConnector(t testing.TB, url string) driver.Connector {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return stdlib.GetConnector(*config)
}

// harness counts an effect for every event that its function saw in the transaction.
type harness struct {
	testinbox.View
	t         testing.TB
	dialect   inboxsql.Dialect
	connector driver.Connector
	handle    inboxtest.Handle
	faults    *inboxtest.FaultInjector
	db        *sql.DB
	processor *inboxsql.Processor
}

func newHarness(t testing.TB, dialect inboxsql.Dialect, connector driver.Connector, handle inboxtest.Handle) *harness {
	t.Helper()
	h := &harness{t: t, dialect: dialect, connector: connector, handle: handle, faults: new(inboxtest.FaultInjector)}
	h.View = testinbox.NewView(t, sql.OpenDB(connector))
	t.Cleanup(func() { h.db.Close() })
	if err := h.open(h.DB).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.start()
	return h
}

func (h *harness) start() {
	h.db = sql.OpenDB(h.faults.Connector(h.connector))
	h.processor = h.open(h.db)
}

func (h *harness) open(db *sql.DB) *inboxsql.Processor {
	db.SetMaxOpenConns(8)
	p, err := inboxsql.New(db, h.dialect, func(ctx context.Context, tx *sql.Tx, e *inbox.Event) (inbox.Reply, error) {
		if _, err := tx.ExecContext(ctx, testinbox.InsertEffect, e.ID); err != nil {
			return inbox.Reply{}, err
		}
		return h.handle(e)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *harness) Process(ctx context.Context, e *inbox.Event) (inbox.Result, error) {
	return h.processor.Process(ctx, e)
}

func (h *harness) Peer() inbox.Processor { return h.open(h.DB) }

func (h *harness) Faults() *inboxtest.FaultInjector { return h.faults }

func (h *harness) Reopen(ctx context.Context) error {
	if err := h.db.Close(); err != nil {
		return err
	}
	h.faults.Reset()
	h.start()
	return h.db.PingContext(ctx)
}
