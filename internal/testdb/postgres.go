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
	admin, err := sharedPostgres()
	if err != nil {
		t.Fatalf("test database: %v", err)
	}
	name := "iagent_test_" + strings.ToLower(rand.Text()[:16])
	own, err := withDatabase(admin, name)
	if err != nil {
		t.Fatalf("test database: TEST_DATABASE_URL: %v", err)
	}
	// template0: nobody can be connected to it, which would be an error.
	if err := execute(admin, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatalf("test database: %v", err)
	}
	t.Cleanup(func() {
		if err := execute(admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("test database: %v", err)
		}
	})
	return own
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

func execute(server, statement string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
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
