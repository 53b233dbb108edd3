package migrations

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"github.com/i-agent/iagent/inbox/inboxtest"
	"github.com/i-agent/iagent/internal/testdb"
)

// eachDatabase runs a test on an empty database of each kind. open connects through the faults, as a new process does.
func eachDatabase(t *testing.T, test func(t *testing.T, open func(faults *inboxtest.FaultInjector) Database)) {
	t.Run("sqlite", func(t *testing.T) {
		path := testdb.SQLite(t)
		test(t, func(faults *inboxtest.FaultInjector) Database {
			plain, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = plain.Close() }()
			db := sql.OpenDB(faults.Connector(inboxtest.DriverConnector(plain.Driver(), path+"?_time_format=sqlite&_timezone=UTC&_foreign_keys=on")))
			db.SetMaxOpenConns(1)
			t.Cleanup(func() { _ = db.Close() })
			return Database{SQLite: db}
		})
	})
	t.Run("postgres", func(t *testing.T) {
		url := testdb.Postgres(t)
		test(t, func(faults *inboxtest.FaultInjector) Database {
			config, err := pgxpool.ParseConfig(url)
			if err != nil {
				t.Fatal(err)
			}
			dial := config.ConnConfig.DialFunc
			config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return faults.Conn(conn), nil
			}
			pool, err := pgxpool.NewWithConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			return Database{Postgres: pool}
		})
	})
}

// close lets go of the database, as the end of a process does.
func (d Database) close() {
	if d.SQLite != nil {
		_ = d.SQLite.Close()
		return
	}
	d.Postgres.Close()
}

// complete reports whether every step is applied.
func complete(t *testing.T, d Database) bool {
	t.Helper()
	whole, err := d.Complete(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// Each attempt is killed some statements later than the one before: the next goes on, wherever that was.
func TestMigrationThatWasKilledGoesOn(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(*inboxtest.FaultInjector) Database) {
		kills := 0
		for at := 1; ; at += 1 + at/6 {
			faults := &inboxtest.FaultInjector{}
			faults.Arm(inboxtest.Fault{At: at, Process: true, Applied: at%2 == 0})
			d := open(faults)
			err := d.Up(t.Context())
			d.close()
			if !faults.Triggered() {
				if err != nil {
					t.Fatalf("after %d kills: %v", kills, err)
				}
				break
			}
			kills++
		}
		d := open(&inboxtest.FaultInjector{})
		if !complete(t, d) || kills < 10 {
			t.Errorf("after %d kills the schema is not complete", kills)
		}
		if err := d.Down(t.Context()); err != nil {
			t.Errorf("the newest step cannot be taken back: %v", err)
		}
	})
}

// The documented way back: the new program takes its steps back, and the older one, which refused the newer schema, works on.
func TestOlderProgramRunsAfterARollback(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(*inboxtest.FaultInjector) Database) {
		const before = 18
		program := open(&inboxtest.FaultInjector{})
		older := program
		older.known = before
		if err := program.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{"up": older.Up(t.Context()), "status": second(older.Status(t.Context())), "print": second(older.Print(t.Context()))} {
			if !errors.Is(err, ErrNewerSchema) || !strings.Contains(err.Error(), "this program knows 18") {
				t.Errorf("%s of an older program: %v", what, err)
			}
		}
		if err := program.DownTo(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		if err := older.Up(t.Context()); err != nil || !complete(t, older) {
			t.Errorf("the older program after the rollback: %v", err)
		}
		if err := program.Up(t.Context()); err != nil || !complete(t, program) {
			t.Errorf("upgrading again: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }
