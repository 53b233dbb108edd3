package testdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/internal/testserver"
)

// timeout bounds what is done to a server around a test, not the test.
const timeout = 2 * time.Minute

// sharedPostgres is this process's server where TEST_DATABASE_URL is unset.
// Nobody closes it: its watchdog ends it after the last test.
var sharedPostgres = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("TEST_DATABASE_URL"); given != "" {
		return given, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	p, err := testserver.StartPostgres(ctx, testserver.Options{})
	if err != nil {
		return "", err
	}
	return p.URL(), nil
})

// Postgres returns the URL of a new, empty PostgreSQL database that is the
// test's own. It is dropped at the test's end, whoever is still connected.
func Postgres(t testing.TB) string {
	t.Helper()
	// template0: nobody can be connected to it, which would be an error.
	return create(t, server(t), "template0")
}

// PostgresCopy is Postgres with a database that is a copy of a template, which
// is much faster than preparing each. The first who asks for the template's
// name prepares it; it stays on the server, for later tests of any process.
func PostgresCopy(t testing.TB, template string, prepare func(ctx context.Context, url string) error) string {
	t.Helper()
	admin := server(t)
	name := "iagent_template_" + template
	if err := ensureTemplate(admin, name, prepare); err != nil {
		t.Fatalf("test database: template %s: %v", template, err)
	}
	return create(t, admin, name)
}

// PostgresCopyOf is Postgres with a database that is a copy of the one that url
// names, as it is now. Nobody may be connected to that.
func PostgresCopyOf(t testing.TB, of string) string {
	t.Helper()
	u, err := url.Parse(of)
	if err != nil {
		t.Fatalf("test database: %v", err)
	}
	return create(t, server(t), strings.TrimPrefix(u.Path, "/"))
}

func server(t testing.TB) string {
	t.Helper()
	admin, err := sharedPostgres()
	if err != nil {
		t.Fatalf("test database: %v", err)
	}
	return admin
}

func create(t testing.TB, admin, template string) string {
	t.Helper()
	name := "iagent_test_" + strings.ToLower(rand.Text()[:16])
	own, err := withDatabase(admin, name)
	if err != nil {
		t.Fatalf("test database: TEST_DATABASE_URL: %v", err)
	}
	if err := execute(admin, "CREATE DATABASE "+name+" TEMPLATE "+template+copyStrategy(admin)); err != nil {
		t.Fatalf("test database: %v", err)
	}
	t.Cleanup(func() {
		if err := execute(admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("test database: %v", err)
		}
	})
	return own
}

// ensureTemplate makes a template unless it is there. Tests of several
// processes ask at once: a lock makes the others wait for the first. It gets
// its name when it is complete.
func ensureTemplate(admin, name string, prepare func(ctx context.Context, url string) error) (err error) {
	const lock = 0x69616774 // "iagt"
	var there bool
	known := func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
	}
	if err := withConnection(admin, known); err != nil || there {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }() // which gives up the lock
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return err
	}
	if err := known(ctx, conn); err != nil || there {
		return err
	}
	unfinished := name + "_unfinished" // of a process that was killed, perhaps
	own, err := withDatabase(admin, unfinished)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + unfinished + " WITH (FORCE)", "CREATE DATABASE " + unfinished + " TEMPLATE template0",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if err := prepare(ctx, own); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+unfinished+" RENAME TO "+name)
	return err
}

// OwnPostgres returns a PostgreSQL server that is the test's own, to be
// stopped and started during the test; it ends with the test. It takes a few
// seconds to make: use Postgres where that will do.
func OwnPostgres(t testing.TB) *testserver.Postgres {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	p, err := testserver.StartPostgres(ctx, testserver.Options{})
	if err != nil {
		t.Fatalf("test database: %v", err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("test database: %v", err)
		}
	})
	return p
}

// connections are those to servers that nobody uses at the moment, by the server's URL. A new one is a process of the server's, which
// takes longer than most of what is asked of it here.
var connections = struct {
	sync.Mutex
	idle map[string][]*pgx.Conn
}{idle: map[string][]*pgx.Conn{}}

// withConnection calls do with a connection to the server, and keeps it for the next caller unless it fails.
func withConnection(server string, do func(ctx context.Context, conn *pgx.Conn) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var conn *pgx.Conn
	connections.Lock()
	if idle := connections.idle[server]; len(idle) > 0 {
		conn, connections.idle[server] = idle[len(idle)-1], idle[:len(idle)-1]
	}
	connections.Unlock()
	if conn != nil && conn.Ping(ctx) != nil { // the server has ended it
		_ = conn.Close(ctx)
		conn = nil
	}
	if conn == nil {
		if conn, err = pgx.Connect(ctx, server); err != nil {
			return err
		}
	}
	if err := do(ctx, conn); err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	connections.Lock()
	defer connections.Unlock()
	connections.idle[server] = append(connections.idle[server], conn)
	return nil
}

func execute(server, statement string) error {
	return withConnection(server, func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
		return nil
	})
}

// copyStrategy is how the server is to copy a template: file by file, which is twice as fast as through its log, if it need not wait for
// the disk before and after. Before version 15 it has no choice.
func copyStrategy(server string) string {
	var way string
	_ = withConnection(server, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT CASE WHEN current_setting('fsync') = 'off' AND current_setting('server_version_num')::integer >= 150000
			THEN ' STRATEGY FILE_COPY' ELSE '' END`).Scan(&way)
	})
	return way
}

// withDatabase puts another database's name into a server's URL.
func withDatabase(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		// The parser's own error would quote the password.
		return "", errors.New("not a URL of the form scheme://user:password@host:port/database")
	}
	u.Path = "/" + name
	return u.String(), nil
}
