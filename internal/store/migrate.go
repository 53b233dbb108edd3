package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations
var migrations embed.FS

// Migration is one step of the schema.
type Migration struct {
	// Name is the file's, as in "00001_init.sql", or "river/006" for River's own.
	Name string
	// AppliedAt is zero for a pending step. River does not say when: then it is the Unix epoch.
	AppliedAt time.Time
}

// ErrNewerSchema says that a newer program has migrated the database.
var ErrNewerSchema = errors.New("database schema is newer than this program")

// MigrateUp brings the schema, ours and River's, to the newest version. It may be called by several processes at once. The
// error is ErrNewerSchema when a newer program has migrated the database.
func (s *Store) MigrateUp(ctx context.Context) error {
	return s.migrating(ctx, func(provider *goose.Provider, db *sql.DB) error {
		steps, err := provider.Up(ctx)
		if err != nil {
			return fmt.Errorf("migrating up: %w", err)
		}
		if err := s.migrateRiver(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{}); err != nil {
			return err
		}
		for _, step := range steps {
			if step.Source.Version == errorsVersion {
				return s.forgetRiverErrors(ctx)
			}
		}
		return nil
	})
}

// errorsVersion is the step since which River's errors hold no words of services any more.
const errorsVersion = 9

// forgetRiverErrors drops what earlier versions let River keep. The ledger has what is known of a run.
func (s *Store) forgetRiverErrors(ctx context.Context) error {
	err := s.write(ctx, func(tx *Tx) error {
		tx.erases = true
		_, err := tx.Exec(ctx, `UPDATE river_job SET errors = NULL WHERE errors IS NOT NULL`)
		return err
	})
	if err != nil {
		return fmt.Errorf("dropping River's errors: %w", err)
	}
	return nil
}

// MigrateDown takes the schema back by one of our versions; with the last one, River's tables go too.
func (s *Store) MigrateDown(ctx context.Context) error {
	return s.migrating(ctx, func(provider *goose.Provider, db *sql.DB) error {
		if _, err := provider.Down(ctx); err != nil {
			return fmt.Errorf("migrating down: %w", err)
		}
		version, err := provider.GetDBVersion(ctx)
		if err != nil || version > 0 {
			return err
		}
		return s.migrateRiver(ctx, rivermigrate.DirectionDown, &rivermigrate.MigrateOpts{TargetVersion: -1})
	})
}

// MigrateStatus lists our steps, then River's.
func (s *Store) MigrateStatus(ctx context.Context) ([]Migration, error) {
	var list []Migration
	err := s.migrating(ctx, func(provider *goose.Provider, db *sql.DB) error {
		status, err := provider.Status(ctx)
		if err != nil {
			return fmt.Errorf("migration status: %w", err)
		}
		for _, step := range status {
			list = append(list, Migration{Name: step.Source.Path, AppliedAt: step.AppliedAt})
		}
		river, err := s.riverStatus(ctx)
		list = append(list, river...)
		return err
	})
	return list, err
}

// Migrated reports whether no step is pending. The error is ErrNewerSchema when a newer program has migrated the database.
func (s *Store) Migrated(ctx context.Context) (bool, error) {
	list, err := s.MigrateStatus(ctx)
	if err != nil {
		return false, err
	}
	for _, step := range list {
		if step.AppliedAt.IsZero() {
			return false, nil
		}
	}
	return true, nil
}

// migrating gives f a migrator under the lock that keeps two processes apart.
func (s *Store) migrating(ctx context.Context, f func(*goose.Provider, *sql.DB) error) error {
	folder, db, kind := "migrations/sqlite", s.SQLite(), goose.DialectSQLite3
	if s.postgres != nil {
		folder, kind = "migrations/postgres", goose.DialectPostgres
		db = stdlib.OpenDBFromPool(s.postgres)
		defer func() { _ = db.Close() }()
		unlock, err := s.lockMigrations(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(kind, db, files)
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	if err := refuseNewer(ctx, provider); err != nil {
		return err
	}
	return f(provider, db)
}

// refuseNewer returns ErrNewerSchema when the database has a version that this program does not know.
func refuseNewer(ctx context.Context, provider *goose.Provider) error {
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading the schema's version: %w", err)
	}
	if current > known {
		return fmt.Errorf("%w: it has version %d, this program knows %d; run the program that migrated it, or a newer one",
			ErrNewerSchema, current, known)
	}
	return nil
}

// lockMigrations holds an advisory lock on a connection of its own until unlock.
func (s *Store) lockMigrations(ctx context.Context) (unlock func(), err error) {
	const key = 0x69616765 // "iage"
	conn, err := s.postgres.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to Postgres: %w", err)
	}
	if _, err := conn.Exec(ctx, "SET lock_timeout = '60s'"); err != nil {
		conn.Release()
		return nil, fmt.Errorf("locking migrations: %w", err)
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(key)); err != nil {
		conn.Release()
		return nil, fmt.Errorf("locking migrations: %w", err)
	}
	return func() {
		// The lock ends with its connection, whatever state that is in.
		raw := conn.Hijack()
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = raw.Close(closing)
	}, nil
}

func (s *Store) migrateRiver(ctx context.Context, direction rivermigrate.Direction, opts *rivermigrate.MigrateOpts) error {
	var err error
	if s.postgres != nil {
		err = riverMigrate(ctx, riverpgxv5.New(s.postgres), direction, opts)
	} else {
		err = riverMigrate(ctx, riversqlite.New(s.sqlite.write), direction, opts)
	}
	if err != nil {
		return fmt.Errorf("migrating River: %w", err)
	}
	return nil
}

func riverMigrate[T any](ctx context.Context, driver riverdriver.Driver[T], direction rivermigrate.Direction, opts *rivermigrate.MigrateOpts) error {
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, direction, opts)
	return err
}

func (s *Store) riverStatus(ctx context.Context) ([]Migration, error) {
	if s.postgres != nil {
		return riverVersions(ctx, riverpgxv5.New(s.postgres))
	}
	return riverVersions(ctx, riversqlite.New(s.sqlite.write))
}

func riverVersions[T any](ctx context.Context, driver riverdriver.Driver[T]) ([]Migration, error) {
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return nil, err
	}
	existing, err := migrator.ExistingVersions(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrations of River: %w", err)
	}
	applied := map[int]bool{}
	for _, step := range existing {
		applied[step.Version] = true
	}
	var list []Migration
	for _, step := range migrator.AllVersions() {
		m := Migration{Name: fmt.Sprintf("river/%03d", step.Version)}
		if applied[step.Version] {
			m.AppliedAt = time.Unix(0, 0).UTC()
		}
		list = append(list, m)
	}
	return list, nil
}
