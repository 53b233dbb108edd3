package testdb_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/i-agent/iagent/internal/testdb"
)

func TestTwoTestsNeverShareAPostgresDatabase(t *testing.T) {
	ctx := t.Context()
	first, second := open(t, testdb.Postgres(t)), open(t, testdb.Postgres(t))
	if _, err := first.Exec(ctx, "CREATE TABLE mine (id int)"); err != nil {
		t.Fatal(err)
	}
	var tables int
	if err := second.QueryRow(ctx, "SELECT count(*) FROM pg_tables WHERE tablename = 'mine'").Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables != 0 {
		t.Error("the table of one test is seen by another")
	}
}

func TestPostgresDatabaseIsDroppedAlthoughStillInUse(t *testing.T) {
	var conn *pgx.Conn
	var name string
	t.Run("user", func(t *testing.T) {
		var err error
		// Not closed on purpose: the test forgot.
		if conn, err = pgx.Connect(context.WithoutCancel(t.Context()), testdb.Postgres(t)); err != nil {
			t.Fatal(err)
		}
		name = conn.Config().Database
	})
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("still connected after the end of the test")
	}
	var left int
	other := open(t, testdb.Postgres(t))
	if err := other.QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		t.Errorf("database %s outlived its test", name)
	}
}

func TestTwoTestsNeverShareARedisDatabase(t *testing.T) {
	ctx := t.Context()
	var used string
	t.Run("user", func(t *testing.T) {
		first, second := client(t, testdb.Redis(t)), client(t, testdb.Redis(t))
		used = first.String()
		if err := first.Set(ctx, "mine", 1, 0).Err(); err != nil {
			t.Fatal(err)
		}
		if n := second.DBSize(ctx).Val(); n != 0 {
			t.Errorf("a new database has %d keys", n)
		}
	})
	again := client(t, testdb.Redis(t))
	if again.String() != used {
		t.Errorf("%s was not given back: got %s", used, again)
	}
	if n := again.DBSize(ctx).Val(); n != 0 {
		t.Errorf("%d keys outlived their test", n)
	}
}

func open(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func client(t *testing.T, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { c.Close() })
	return c
}
