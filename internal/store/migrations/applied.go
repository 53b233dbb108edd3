package migrations

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// step is one of our files.
type step struct {
	version int64
	name    string
}

// folder is where our steps for the database are.
func (d Database) folder() string {
	if d.Postgres != nil {
		return "postgres"
	}
	return "sqlite"
}

// files are our steps, but for those that an older program, for tests, does not know.
func (d Database) files() (fs.FS, error) {
	files, err := fs.Sub(Files, d.folder())
	if err != nil || d.known == 0 {
		return files, err
	}
	return olderFS{files, d.known}, nil
}

// steps are our files in the order of their numbers.
func (d Database) steps() ([]step, error) {
	files, err := d.files()
	if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("reading migrations: %w", err)
	}
	var list []step
	for _, entry := range entries {
		number, _, _ := strings.Cut(entry.Name(), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number: %w", entry.Name(), err)
		}
		list = append(list, step{version, entry.Name()})
	}
	slices.SortFunc(list, func(a, b step) int { return int(a.version - b.version) })
	return list, nil
}

// applied reads which of our steps were applied, and when. It changes nothing: nil means that there is no table of them.
func (d Database) applied(ctx context.Context) (map[int64]time.Time, error) {
	db, exists := d.SQLite, `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version'`
	if d.Postgres != nil {
		db, exists = stdlib.OpenDBFromPool(d.Postgres), `SELECT CASE WHEN to_regclass('goose_db_version') IS NULL THEN 0 ELSE 1 END`
		defer func() { _ = db.Close() }()
	}
	var tables int
	if err := db.QueryRowContext(ctx, exists).Scan(&tables); err != nil {
		return nil, fmt.Errorf("reading the schema's version: %w", err)
	}
	if tables == 0 {
		return nil, nil
	}
	applied, err := appliedSteps(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("reading the schema's version: %w", err)
	}
	return applied, nil
}

func appliedSteps(ctx context.Context, db *sql.DB) (map[int64]time.Time, error) {
	rows, err := db.QueryContext(ctx, `SELECT version_id, is_applied, tstamp FROM goose_db_version ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	applied := map[int64]time.Time{}
	for rows.Next() {
		var version int64
		var is bool
		var at time.Time
		if err := rows.Scan(&version, &is, &at); err != nil {
			return nil, err
		}
		if delete(applied, version); is && version > 0 {
			applied[version] = at.UTC()
		}
	}
	return applied, rows.Err()
}

// Version is the newest of our steps that was applied, 0 for none.
func (d Database) Version(ctx context.Context) (int64, error) {
	applied, err := d.applied(ctx)
	var newest int64
	for version := range applied {
		newest = max(newest, version)
	}
	return newest, err
}

// Status lists our steps, then River's. It changes nothing. The error is ErrNewerSchema when a newer program has migrated the
// database.
func (d Database) Status(ctx context.Context) ([]Migration, error) {
	applied, err := d.applied(ctx)
	if err != nil {
		return nil, err
	}
	steps, err := d.steps()
	if err != nil {
		return nil, err
	}
	list, known := make([]Migration, 0, len(steps)), int64(0)
	for _, s := range steps {
		known = max(known, s.version)
		list = append(list, Migration{Name: s.name, AppliedAt: applied[s.version]})
	}
	for version := range applied {
		if version > known {
			return nil, newerSchema(version, known)
		}
	}
	river, err := d.riverStatus(ctx)
	return append(list, river...), err
}

// Complete reports whether no step is pending. The error is ErrNewerSchema when a newer program has migrated the database.
func (d Database) Complete(ctx context.Context) (bool, error) {
	list, err := d.Status(ctx)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(list, func(step Migration) bool { return step.AppliedAt.IsZero() }), nil
}

// olderFS has only the steps up to a version.
type olderFS struct {
	fs.FS
	known int64
}

// ReadDir leaves out the newer steps.
func (f olderFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		number, _, _ := strings.Cut(e.Name(), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		return err == nil && version > f.known
	}), err
}

// Glob is what goose finds the steps with.
func (f olderFS) Glob(pattern string) ([]string, error) {
	names, err := fs.Glob(f.FS, pattern)
	return slices.DeleteFunc(names, func(name string) bool {
		number, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		return err == nil && version > f.known
	}), err
}
