package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// RestoreOptions say how to restore a file.
type RestoreOptions struct {
	// Force moves a database that is there aside; without it that is an error.
	Force bool
	// Actor is who restores, for the audit log.
	Actor string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Restoration is what a restoration did.
type Restoration struct {
	Restore
	File SQLiteFile
	// Aside is where the database is now that was there before, "" for none.
	Aside string
}

// ErrNotEmpty says that there is a database already.
var ErrNotEmpty = errors.New("there is a database already; with --force it is moved aside")

// RestoreSQLite puts the copy in file in the place of the database: checked, brought to this program's schema, and marked as
// restored, so that nobody is called before Twilio's list was read (see MarkRestored). Until all of that is done the database
// stays as it is.
//
// Errors: ErrNoSchema, ErrNewerSchema, ErrNotEmpty, ErrInUse.
func RestoreSQLite(ctx context.Context, file, database string, options RestoreOptions) (Restoration, error) {
	var done Restoration
	if err := checkSQLite(ctx, file); err != nil {
		return done, fmt.Errorf("checking %s: %w", file, err)
	}
	var err error
	if done.File, err = InspectSQLite(ctx, file); err != nil {
		return done, fmt.Errorf("checking %s: %w", file, err)
	}
	if err := freeSQLite(ctx, database, options.Force); err != nil {
		return done, err
	}
	partial, err := newPartial(database)
	if err != nil {
		return done, err
	}
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(partial + suffix)
		}
	}()
	if err := copySQLite(ctx, file, partial); err != nil {
		return done, err
	}
	if done.Restore, err = prepareRestored(ctx, partial, options); err != nil {
		return done, err
	}
	// A log that is left of another file would be taken for this one's.
	aside := database + ".before-" + done.At.Format("20060102T150405Z")
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		err := os.Rename(database+suffix, aside+suffix)
		if err == nil {
			done.Aside = aside
		} else if !errors.Is(err, fs.ErrNotExist) {
			return done, err
		}
	}
	return done, publish(partial, database)
}

// copySQLite copies a database file with what is in the log beside it.
func copySQLite(ctx context.Context, from, to string) error {
	db, err := openSQLiteFile(from, "")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, `VACUUM INTO `+quoted(to)); err != nil {
		return fmt.Errorf("copying %s: %w", from, err)
	}
	return nil
}

// prepareRestored brings the copy to this program's schema and marks it.
func prepareRestored(ctx context.Context, path string, options RestoreOptions) (Restore, error) {
	s, err := Open(ctx, "sqlite:"+path, Options{Now: options.Now})
	if err != nil {
		return Restore{}, err
	}
	defer s.Close()
	if err := s.MigrateUp(ctx); err != nil {
		return Restore{}, err
	}
	restored, err := s.MarkRestored(ctx, options.Actor)
	if err != nil {
		return restored, err
	}
	_, err = s.sqlite.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return restored, err
}

// freeSQLite makes sure that no process has the database open and that nothing is lost with it.
func freeSQLite(ctx context.Context, database string, force bool) error {
	if _, err := os.Stat(database); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+escapedPath(database)+"?_busy_timeout=500")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	// Only a process that has the file for itself can leave the mode in which others may be connected. What is in the log is in
	// the file then.
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode); err != nil || mode != "delete" {
		if force && err != nil && strings.Contains(err.Error(), "not a database") {
			return nil // it is moved aside as it is
		}
		return fmt.Errorf("%s: %w", database, ErrInUse)
	}
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master`).Scan(&tables); err != nil {
		return err
	}
	if tables > 0 && !force {
		return fmt.Errorf("%s: %w", database, ErrNotEmpty)
	}
	return nil
}
