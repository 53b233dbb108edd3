package storetest

import (
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Database is the database of a *store.Store: the one that it has is not nil.
type Database interface {
	Postgres() *pgxpool.Pool
	SQLite() *sql.DB
}

// Exec runs a statement beside the store, and returns how many rows it changed.
func Exec(t testing.TB, db Database, statement string, args ...any) (changed int64) {
	t.Helper()
	var err error
	if pool := db.Postgres(); pool != nil {
		tag, failed := pool.Exec(t.Context(), statement, args...)
		changed, err = tag.RowsAffected(), failed
	} else if result, failed := db.SQLite().ExecContext(t.Context(), statement, args...); failed != nil {
		err = failed
	} else {
		changed, err = result.RowsAffected()
	}
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return changed
}

// QueryRow reads one row beside the store.
func QueryRow(t testing.TB, db Database, query string, args []any, into ...any) {
	t.Helper()
	var err error
	if pool := db.Postgres(); pool != nil {
		err = pool.QueryRow(t.Context(), query, args...).Scan(into...)
	} else {
		err = db.SQLite().QueryRowContext(t.Context(), query, args...).Scan(into...)
	}
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
