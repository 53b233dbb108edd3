// Package storetest runs a test on both databases of the store.
//
// The databases are migrated. The migrations run once: a test gets a copy of what they made. The package knows the schema
// and not the store, so that the tests of package store itself can use it.
package storetest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"github.com/i-agent/iagent/internal/store/migrations"
	"github.com/i-agent/iagent/internal/testdb"
)

// Each runs a test on a migrated SQLite file and on a migrated Postgres database, both the test's own. url is what
// store.Open takes.
func Each(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// EachAtOnce is Each with both tests at the same time: they share nothing.
func EachAtOnce(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) string{"sqlite": SQLite, "postgres": Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// EachEmpty is Each with databases that nobody has migrated.
func EachEmpty(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, "sqlite:"+testdb.SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, testdb.Postgres(t)) })
}

// EachFilled is EachAtOnce with databases that were filled by fill, which is called once for each of the two and must leave nobody
// connected: the tests get copies. name stands for what fill does: when that changes, so must the name.
func EachFilled(t *testing.T, name string, fill func(ctx context.Context, url string) error, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, sqliteFilled(t, name, fill))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		version, err := schemaHash()
		if err != nil {
			t.Fatalf("test database: %v", err)
		}
		test(t, testdb.PostgresCopy(t, version+"_"+name, func(ctx context.Context, url string) error {
			if err := migratePostgres(ctx, url); err != nil {
				return err
			}
			return fill(ctx, url)
		}))
	})
}

// filled are the SQLite files that EachFilled copies, by their names.
var filled = struct {
	sync.Mutex
	byName map[string][]byte
}{byName: map[string][]byte{}}

func sqliteFilled(t testing.TB, name string, fill func(ctx context.Context, url string) error) string {
	t.Helper()
	filled.Lock()
	defer filled.Unlock()
	if filled.byName[name] == nil {
		url := SQLite(t)
		if err := fill(t.Context(), url); err != nil {
			t.Fatalf("test database: %v", err)
		}
		path := strings.TrimPrefix(url, "sqlite:")
		content, err := os.ReadFile(path)
		if _, log := os.Stat(path + "-wal"); err == nil && log == nil {
			err = errors.New("fill has left a log")
		}
		if err != nil {
			t.Fatalf("test database: %v", err)
		}
		filled.byName[name] = content
	}
	return sqliteWith(t, filled.byName[name])
}

// SQLite returns the URL of a migrated SQLite file, in a folder that goes with the test.
func SQLite(t testing.TB) string {
	t.Helper()
	migrated, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("test database: %v", err)
	}
	return sqliteWith(t, migrated)
}

// sqliteWith returns the URL of a SQLite file with this content.
func sqliteWith(t testing.TB, content []byte) string {
	t.Helper()
	path := testdb.SQLite(t)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatalf("test database: %v", err)
	}
	return "sqlite:" + path
}

// sqliteTemplate is a migrated file.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "storetest")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "iagent.db")
	db, err := sql.Open("sqlite", path+"?_time_format=sqlite&_timezone=UTC")
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if err := (migrations.Database{SQLite: db}).Up(context.Background()); err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Postgres returns the URL of a migrated Postgres database that is dropped at the test's end.
func Postgres(t testing.TB) string {
	t.Helper()
	version, err := schemaHash()
	if err != nil {
		t.Fatalf("test database: %v", err)
	}
	return testdb.PostgresCopy(t, version, migratePostgres)
}

func migratePostgres(ctx context.Context, url string) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	return migrations.Database{Postgres: pool}.Up(ctx)
}

// schemaHash names the template by all the steps that make it, so that a changed step makes another.
var schemaHash = sync.OnceValues(func() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(migrations.Files, "postgres", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(migrations.Files, path)
		fmt.Fprintf(h, "%s\n%s\n", path, content)
		return err
	})
	if err != nil {
		return "", err
	}
	river, err := rivermigrate.New[pgx.Tx](riverpgxv5.New(nil), nil)
	if err != nil {
		return "", err
	}
	for _, step := range river.AllVersions() {
		fmt.Fprintf(h, "river %d\n%s\n", step.Version, step.SQLUp)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
})
