package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/i-agent/iagent/internal/interview"
)

// querier runs the same statements, with $1 placeholders, over pgx and over database/sql.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (int64, error)
	Query(ctx context.Context, sql string, args ...any) (rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) row
}

// row scans one row; no row is sql.ErrNoRows on both databases.
type row interface {
	Scan(dest ...any) error
}

type rows interface {
	row
	Next() bool
	Err() error
	Close()
}

// Tx is a transaction with one reading of the clock.
type Tx struct {
	querier
	store *Store
	// Now is the transaction's time: UTC, in microseconds, which is what both databases keep.
	Now time.Time

	// Exactly one of the two is set.
	pgx *postgresTx
	sql *sql.Tx
	// erases says that this transaction erases something, so that its traces in the database's files must go as well.
	erases bool
	// run is the run of which the transaction is, "" for none.
	run string
	// madeKey is the key of number hashes that this transaction made, nil for none.
	madeKey []byte
	// gateSeq is the place of this transaction among those that held the gate, 0 while it has not.
	gateSeq int64
	// held are the calls that this transaction locked one by one, as they are now; changes and milestones are what is told of
	// it once it is committed.
	held       map[string]interview.Call
	changes    []CallChange
	milestones []interview.Milestone
	// refusals are those of the gate, by name, which are counted once the transaction is committed.
	refusals map[interview.Refusal]Refused
}

// pgxQuerier adapts a pgx transaction or pool.
type pgxQuerier struct {
	db interface {
		Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
		Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
		QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	}
}

func (q pgxQuerier) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := q.db.Exec(ctx, sql, args...)
	return tag.RowsAffected(), err
}

func (q pgxQuerier) Query(ctx context.Context, sql string, args ...any) (rows, error) {
	return q.db.Query(ctx, sql, args...)
}

func (q pgxQuerier) QueryRow(ctx context.Context, sql string, args ...any) row {
	return q.db.QueryRow(ctx, sql, args...)
}

// sqlQuerier adapts a database/sql transaction or pool.
type sqlQuerier struct {
	db interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}
}

func (q sqlQuerier) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := q.db.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (q sqlQuerier) Query(ctx context.Context, query string, args ...any) (rows, error) {
	r, err := q.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return sqlRows{r}, nil
}

func (q sqlQuerier) QueryRow(ctx context.Context, query string, args ...any) row {
	return q.db.QueryRowContext(ctx, query, args...)
}

// sqlRows closes without an error: what closing could say, Err has said.
type sqlRows struct{ *sql.Rows }

func (r sqlRows) Close() { _ = r.Rows.Close() }

// collect runs a query and calls scan for each row.
func collect(ctx context.Context, q querier, scan func(row) error, sql string, args ...any) error {
	r, err := q.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		if err := scan(r); err != nil {
			return err
		}
	}
	return r.Err()
}

// placeholders is "($1,$2,$3)" for n values that start at $first.
func placeholders(first, n int) string {
	var b strings.Builder
	b.Grow(n * 5)
	b.WriteByte('(')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	b.WriteByte(')')
	return b.String()
}

// values is "($1,$2),($3,$4)" for n rows of width values.
func values(n, width int) string {
	var b strings.Builder
	b.Grow(n * width * 5)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(placeholders(i*width+1, width))
	}
	return b.String()
}

// anys turns a slice of strings into statement arguments.
func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// snapshot runs reading statements that must see one state of the database, such as a call and what belongs to it.
func (s *Store) snapshot(ctx context.Context, f func(q querier) error) error {
	if s.postgres != nil {
		options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		return pgx.BeginTxFunc(ctx, s.postgres, options, func(tx pgx.Tx) error { return f(pgxQuerier{tx}) })
	}
	// In WAL mode a transaction reads what was committed when its first statement ran.
	tx, err := s.sqlite.read.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return f(sqlQuerier{tx})
}
