package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/i-agent/iagent/internal/store/migrations"
)

// Migration is one step of the schema.
type Migration = migrations.Migration

// ErrNewerSchema says that a newer program has migrated the database.
var ErrNewerSchema = migrations.ErrNewerSchema

func (s *Store) schema() migrations.Database {
	return migrations.Database{Postgres: s.postgres, SQLite: s.SQLite()}
}

// MigrateUp brings the schema, ours and River's, to the newest version. It may be called by several processes at once. The
// error is ErrNewerSchema when a newer program has migrated the database, ErrSharedSessions where there is something to do behind a
// pooler with which the lock of a migration would stay held.
func (s *Store) MigrateUp(ctx context.Context) error {
	complete, err := s.schema().Complete(ctx)
	if !complete { // or it cannot be told, which may be such a pooler's doing
		if shared := s.RequireSessions(ctx); shared != nil {
			return shared
		}
	}
	if err == nil && !complete {
		err = s.schema().Up(ctx)
	}
	if s.sqlite != nil {
		s.sqlite.log.clean() // a step may have erased something
	}
	return err
}

// MigrateDown takes the schema back by one of our versions; with the last one, River's tables go too. ErrSharedSessions is as with
// MigrateUp.
func (s *Store) MigrateDown(ctx context.Context) error {
	if err := s.RequireSessions(ctx); err != nil {
		return err
	}
	return s.schema().Down(ctx)
}

// MigrateDownTo takes the schema back to one of our versions, as an older program needs it. ErrSharedSessions is as with MigrateUp.
func (s *Store) MigrateDownTo(ctx context.Context, version int64) error {
	if err := s.RequireSessions(ctx); err != nil {
		return err
	}
	return s.schema().DownTo(ctx, version)
}

// MigrateStatus lists our steps, then River's.
func (s *Store) MigrateStatus(ctx context.Context) ([]Migration, error) {
	return s.schema().Status(ctx)
}

// Migrated reports whether no step is pending. The error is ErrNewerSchema when a newer program has migrated the database.
func (s *Store) Migrated(ctx context.Context) (bool, error) {
	return s.schema().Complete(ctx)
}

// MigrationsOf lists the steps of the database that url names, without making a SQLite file that is not there: then all are
// pending. The error is ErrNewerSchema when a newer program has migrated the database.
func MigrationsOf(ctx context.Context, url string) (list []Migration, err error) {
	err = withSchema(ctx, url, func(d migrations.Database) error {
		list, err = d.Status(ctx)
		return err
	})
	return list, err
}

// MigrationSQL is the SQL that MigrateUp would run on the database that url names, "" when nothing is pending. It changes
// nothing, and makes no SQLite file. The error is ErrNewerSchema when a newer program has migrated the database.
func MigrationSQL(ctx context.Context, url string) (sql string, err error) {
	err = withSchema(ctx, url, func(d migrations.Database) error {
		sql, err = d.Print(ctx)
		return err
	})
	return sql, err
}

// withSchema opens a database to read its schema.
func withSchema(ctx context.Context, url string, f func(migrations.Database) error) error {
	path, isSQLite := SQLitePath(url)
	if !isSQLite {
		s, err := Open(ctx, url, Options{})
		if err != nil {
			return err
		}
		defer s.Close()
		return f(s.schema())
	}
	var db *sql.DB
	_, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		db, err = sql.Open("sqlite", ":memory:") // as empty as the file that is not there
	case err == nil:
		db, err = openSQLiteFile(path, "&mode=ro")
	}
	if err != nil {
		return fmt.Errorf("opening SQLite file %s: %w", path, err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	return f(migrations.Database{SQLite: db})
}
