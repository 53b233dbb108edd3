package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

// sqlite is a file of our own, with one connection, as SQLite has one writer.
type sqlite struct {
	dir  string // "" when the file is another process'
	file string
	db   *sql.DB
}

func openSQLite(ctx context.Context) (*sqlite, error) {
	dir, err := os.MkdirTemp("", "iagent-bench-")
	if err != nil {
		return nil, err
	}
	s := &sqlite{dir: dir, file: filepath.Join(dir, "bench.db")}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *sqlite) open(ctx context.Context) (err error) {
	s.db, err = sql.Open("sqlite", s.file+"?_txlock=immediate&_journal_mode=WAL&_synchronous=FULL&_busy_timeout=10000&_time_format=sqlite&_timezone=UTC")
	if err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	return s.db.PingContext(ctx)
}

func (s *sqlite) url() string { return "sqlite:" + s.file }

func (s *sqlite) describe(ctx context.Context) string {
	var version string
	if err := s.db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return "SQLite"
	}
	return "SQLite " + version + ", WAL, synchronous FULL"
}

func (s *sqlite) exec(ctx context.Context, statement string, args ...any) error {
	_, err := s.db.ExecContext(ctx, statement, args...)
	return err
}

func (s *sqlite) count(ctx context.Context, query string, args ...any) (n int, err error) {
	err = s.db.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

func (s *sqlite) transact(ctx context.Context, f func(transaction) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(sqlTransaction{tx}); err != nil {
		return err
	}
	return tx.Commit()
}

type sqlTransaction struct{ tx *sql.Tx }

func (t sqlTransaction) exec(ctx context.Context, statement string, args ...any) error {
	_, err := t.tx.ExecContext(ctx, statement, args...)
	return err
}

func (t sqlTransaction) text(ctx context.Context, query string, args ...any) (string, bool, error) {
	return scanRow(t.tx.QueryRowContext(ctx, query, args...))
}

func (s *sqlite) text(ctx context.Context, query string, args ...any) (string, bool, error) {
	return scanRow(s.db.QueryRowContext(ctx, query, args...))
}

func scanRow(row *sql.Row) (text string, found bool, err error) {
	err = row.Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return text, err == nil, err
}

// analyze does nothing: SQLite makes no statistics by itself, nor does the program ask for them.
func (s *sqlite) analyze(context.Context) error { return nil }

func (s *sqlite) commits(context.Context) (int, bool) { return 0, false }

// cpu is that of the program: SQLite has no process.
func (s *sqlite) cpu() (time.Duration, bool) { return 0, false }

func (s *sqlite) close() error {
	var err error
	if s.db != nil {
		err = s.db.Close()
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}
