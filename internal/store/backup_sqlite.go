package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/i-agent/iagent/internal/store/migrations"
)

// SQLitePath is the path in a DATABASE_URL such as sqlite:iagent.db; false for another database.
func SQLitePath(databaseURL string) (string, bool) {
	path, ok := strings.CutPrefix(databaseURL, "sqlite:")
	if !ok {
		return "", false
	}
	path, _, _ = strings.Cut(strings.TrimPrefix(path, "file:"), "?")
	return path, path != ""
}

// SQLiteFile is what a database file holds by itself.
type SQLiteFile struct {
	// Size is the file's, LogSize that of the write-ahead log beside it, both in bytes. A copy of the file alone lacks what is in
	// the log: of a new database that may be all of it.
	Size, LogSize int64
	// Version is the newest of our steps that were applied, 0 when there is no schema.
	Version int64
	// Calls counts the calls.
	Calls int
}

// ErrNoSchema says that a file is an empty database, as a plain copy is that was made without the log beside it.
var ErrNoSchema = errors.New("the file has no tables: it may be a plain copy, which lacks what is in the -wal file beside the database; use iagent backup")

// InspectSQLite reads what a database file holds, without changing it. The error is ErrNoSchema for an empty database.
func InspectSQLite(ctx context.Context, path string) (SQLiteFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return SQLiteFile{}, err
	}
	found := SQLiteFile{Size: info.Size()}
	if log, err := os.Stat(path + "-wal"); err == nil {
		found.LogSize = log.Size()
	}
	if found.Size == 0 && found.LogSize == 0 {
		return found, ErrNoSchema
	}
	db, err := openSQLiteFile(path, "&mode=ro")
	if err != nil {
		return found, err
	}
	defer func() { _ = db.Close() }()
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master WHERE name IN ('goose_db_version', 'calls')`).Scan(&tables); err != nil {
		return found, fmt.Errorf("reading %s: %w", path, err)
	}
	if tables < 2 {
		return found, ErrNoSchema
	}
	if found.Version, err = (migrations.Database{SQLite: db}).Version(ctx); err != nil {
		return found, err
	}
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM calls`).Scan(&found.Calls); err != nil {
		return found, fmt.Errorf("reading %s: %w", path, err)
	}
	return found, nil
}

// openSQLiteFile opens a file on a single connection, with further parameters.
func openSQLiteFile(path, parameters string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+escapedPath(path)+"?_time_format=sqlite&_timezone=UTC&_busy_timeout=10000"+parameters)
	if err != nil {
		return nil, fmt.Errorf("opening SQLite file %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// escapedPath is a path as a URI of SQLite has it.
func escapedPath(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// BackupSQLite writes a consistent copy of the database, as it is at one moment, to a new file that its owner alone can read.
// Whoever uses the database meanwhile is not held up. The copy is checked and on the disk when it returns; the file appears
// only then. The error wraps fs.ErrExist when there is such a file.
func BackupSQLite(ctx context.Context, database, file string) (SQLiteFile, error) {
	if _, err := os.Lstat(file); err == nil {
		return SQLiteFile{}, fmt.Errorf("%s: %w; a backup overwrites nothing", file, fs.ErrExist)
	}
	if _, err := os.Stat(database); err != nil {
		return SQLiteFile{}, err
	}
	partial, err := newPartial(file)
	if err != nil {
		return SQLiteFile{}, err
	}
	defer func() { _ = os.Remove(partial) }()
	db, err := openSQLiteFile(database, "")
	if err != nil {
		return SQLiteFile{}, err
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, `VACUUM INTO `+quoted(partial)); err != nil {
		return SQLiteFile{}, fmt.Errorf("copying %s: %w", database, err)
	}
	if err := checkSQLite(ctx, partial); err != nil {
		return SQLiteFile{}, fmt.Errorf("checking the copy: %w", err)
	}
	found, err := InspectSQLite(ctx, partial)
	if err != nil {
		return found, err
	}
	return found, publish(partial, file)
}

// newPartial makes an empty file beside one that is to be.
func newPartial(file string) (string, error) {
	made, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*.partial") // with mode 0600
	if err != nil {
		return "", err
	}
	return made.Name(), made.Close()
}

// publish gives a whole file its name, once it is on the disk. It overwrites nothing.
func publish(partial, file string) error {
	if err := syncFile(partial); err != nil {
		return err
	}
	if err := os.Link(partial, file); err != nil {
		return err
	}
	return syncFile(filepath.Dir(file))
}

func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return file.Sync()
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// checkSQLite has SQLite check a file from end to end.
func checkSQLite(ctx context.Context, path string) error {
	db, err := openSQLiteFile(path, "")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var result string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return errors.New("the file is damaged: " + result)
	}
	var table any
	switch err := db.QueryRowContext(ctx, `SELECT "table" FROM pragma_foreign_key_check LIMIT 1`).Scan(&table); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("the file is damaged: rows of table %v belong to nothing", table)
}
