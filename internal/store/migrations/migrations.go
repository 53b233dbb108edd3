// Package migrations brings the schema of a database to a version: our tables, by the numbered files beside it, and River's.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// Files are our steps: a folder for each database.
//
//go:embed postgres sqlite
var Files embed.FS

// Database is an open database. Exactly one of the two is set.
type Database struct {
	Postgres *pgxpool.Pool
	SQLite   *sql.DB

	// known, for tests, makes this an older program, which knows our steps up to that version; 0 is this one.
	known int64
}

// Migration is one step of the schema.
type Migration struct {
	// Name is the file's, as in "00001_init.sql", or "river/006" for River's own.
	Name string
	// AppliedAt is zero for a pending step. River does not say when: then it is the Unix epoch.
	AppliedAt time.Time
}

// ErrNewerSchema says that a newer program has migrated the database.
var ErrNewerSchema = errors.New("database schema is newer than this program")

// Up brings the schema, ours and River's, to the newest version. It may be called by several processes at once. The error is
// ErrNewerSchema when a newer program has migrated the database.
func (d Database) Up(ctx context.Context) error {
	// As nearly always. It is asked without a lock: as after Up, another process may take a step back at any time.
	if complete, err := d.Complete(ctx); err != nil || complete {
		return err
	}
	return d.migrate(ctx, func(provider *goose.Provider) error {
		if err := d.forgetRiverErrors(ctx, provider); err != nil {
			return err
		}
		return d.upTo(ctx, provider, goose.MaxVersion)
	})
}

func (d Database) upTo(ctx context.Context, provider *goose.Provider, version int64) error {
	if _, err := provider.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrating up: %w", err)
	}
	return d.migrateRiver(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{})
}

// errorsVersion is the step since which River's errors hold no words of services any more.
const errorsVersion = 9

// forgetRiverErrors drops what earlier versions let River keep; the ledger has what is known of a run. It does so before that
// step: as long as the errors are there the step is pending, and whoever migrates next drops them.
func (d Database) forgetRiverErrors(ctx context.Context, provider *goose.Provider) error {
	version, err := provider.GetDBVersion(ctx)
	if err != nil || version >= errorsVersion {
		return err
	}
	if err := d.upTo(ctx, provider, errorsVersion-1); err != nil {
		return err
	}
	const statement = `UPDATE river_job SET errors = NULL WHERE errors IS NOT NULL`
	if d.Postgres != nil {
		_, err = d.Postgres.Exec(ctx, statement)
	} else {
		_, err = d.SQLite.ExecContext(ctx, statement)
	}
	if err != nil {
		return fmt.Errorf("dropping River's errors: %w", err)
	}
	return nil
}

// Down takes the schema back by one of our versions; with the last one, River's tables go too.
func (d Database) Down(ctx context.Context) error {
	return d.migrate(ctx, func(provider *goose.Provider) error {
		if _, err := provider.Down(ctx); err != nil {
			return fmt.Errorf("migrating down: %w", err)
		}
		version, err := provider.GetDBVersion(ctx)
		if err != nil || version > 0 {
			return err
		}
		return d.migrateRiver(ctx, rivermigrate.DirectionDown, &rivermigrate.MigrateOpts{TargetVersion: -1})
	})
}

// DownTo takes the schema back to one of our versions, as an older program needs it; River's tables stay unless that is 0.
func (d Database) DownTo(ctx context.Context, version int64) error {
	return d.migrate(ctx, func(provider *goose.Provider) error {
		if _, err := provider.DownTo(ctx, version); err != nil {
			return fmt.Errorf("migrating down: %w", err)
		}
		if version > 0 {
			return nil
		}
		return d.migrateRiver(ctx, rivermigrate.DirectionDown, &rivermigrate.MigrateOpts{TargetVersion: -1})
	})
}

// migrate calls f with a migrator. On Postgres it holds a lock meanwhile, so that no other process migrates.
func (d Database) migrate(ctx context.Context, f func(*goose.Provider) error) error {
	db, kind := d.SQLite, goose.DialectSQLite3
	if d.Postgres != nil {
		kind = goose.DialectPostgres
		db = stdlib.OpenDBFromPool(d.Postgres)
		defer func() { _ = db.Close() }()
		unlock, err := d.lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
	files, err := d.files()
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
	return f(provider)
}

// refuseNewer returns ErrNewerSchema when the database has a version that this program does not know.
func refuseNewer(ctx context.Context, provider *goose.Provider) error {
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading the schema's version: %w", err)
	}
	if current > known {
		return newerSchema(current, known)
	}
	return nil
}

func newerSchema(current, known int64) error {
	return fmt.Errorf("%w: it has version %d, this program knows %d; run the program that migrated it, or a newer one",
		ErrNewerSchema, current, known)
}

// lockKey is the advisory lock of whoever migrates: "iage".
const lockKey = 0x69616765

// lock holds an advisory lock on a connection of its own until unlock.
func (d Database) lock(ctx context.Context) (unlock func(), err error) {
	conn, err := d.Postgres.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to Postgres: %w", err)
	}
	if _, err := conn.Exec(ctx, "SET lock_timeout = '60s'"); err != nil {
		conn.Release()
		return nil, fmt.Errorf("locking migrations: %w", err)
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(lockKey)); err != nil {
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

func (d Database) migrateRiver(ctx context.Context, direction rivermigrate.Direction, opts *rivermigrate.MigrateOpts) error {
	var err error
	if d.Postgres != nil {
		err = riverMigrate(ctx, riverpgxv5.New(d.Postgres), direction, opts)
	} else {
		err = riverMigrate(ctx, riversqlite.New(d.SQLite), direction, opts)
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

func (d Database) riverStatus(ctx context.Context) ([]Migration, error) {
	steps, err := d.riverSteps(ctx)
	if err != nil {
		return nil, err
	}
	var list []Migration
	for _, step := range steps {
		m := Migration{Name: fmt.Sprintf("river/%03d", step.Version)}
		if step.applied {
			m.AppliedAt = time.Unix(0, 0).UTC()
		}
		list = append(list, m)
	}
	return list, nil
}

// riverStep is one of River's steps.
type riverStep struct {
	rivermigrate.Migration
	applied bool
}

func (d Database) riverSteps(ctx context.Context) ([]riverStep, error) {
	if d.Postgres != nil {
		return riverStepsOf(ctx, riverpgxv5.New(d.Postgres))
	}
	return riverStepsOf(ctx, riversqlite.New(d.SQLite))
}

func riverStepsOf[T any](ctx context.Context, driver riverdriver.Driver[T]) ([]riverStep, error) {
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
	var steps []riverStep
	for _, step := range migrator.AllVersions() {
		steps = append(steps, riverStep{step, applied[step.Version]})
	}
	return steps, nil
}
