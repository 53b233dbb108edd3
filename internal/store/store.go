package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oklog/ulid/v2"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/phone"
)

// ErrNotFound says that there is no such row.
var ErrNotFound = errors.New("not found")

// Options tune a Store. The zero value is right for production.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// DialsPerMinute bounds how many calls of one campaign are dialled within any minute; 0 means 10.
	DialsPerMinute int
	// PersonCallsPerDay bounds how many calls one person gets within 24 hours over all campaigns; 0 means 3, less is no bound.
	PersonCallsPerDay int
	// DialFrom is the caller id and DialAccount the Twilio account with which this process dials: they are kept with the
	// intent to dial.
	DialFrom, DialAccount string
	// CallerIDs are further caller ids beside DialFrom, among which calls are spread.
	CallerIDs []string
	// DialVersion is the version of the webhooks with which calls are dialled.
	DialVersion interview.Version
	// Around, if set, is called with every round trip of a write transaction: its commit, a statement, or the statements that
	// Postgres is sent together, the first with its BEGIN. It runs the round trip or not; its error ends the transaction as a lost
	// connection would. For tests.
	Around func(roundTrip func() error) error

	// OnNewest, if set, is called with each look of Store.Newest. For tests.
	OnNewest func()

	// OnCallChanges, if set, is called after a transaction of this process was committed that gave calls another status.
	OnCallChanges func(changes []CallChange)

	// OnRefusals, if set, is called after a transaction was committed in which the gate refused that people are called, with how
	// many by each refusal.
	OnRefusals func(refusals map[interview.Refusal]Refused)

	// OnReset, if set, is called when all connections to Postgres were closed because a session was read-only.
	OnReset func()

	// OnMilestone, if set, is called for each step in the life of a call, after the commit by which it was taken.
	OnMilestone func(interview.Milestone)
	// SigningToken, if set, names the auth token with which a webhook was verified: primary, secondary, account, or "" if that is
	// not known. It is kept with the event.
	SigningToken func(*inbox.Event) string
	// OnFault, if set, is called when the database could not be reached or, with SQLite, not be written. It must not wait for
	// the database.
	OnFault func(err error)

	// conn, if set, wraps each connection to Postgres. For tests.
	conn func(net.Conn) net.Conn
}

// Store is an open database. It is safe for concurrent use. Close it once; closing twice does nothing.
type Store struct {
	options Options
	dialect dialect

	// Exactly one of the two is set.
	postgres *pgxpool.Pool
	sqlite   *sqliteDB

	// reset is that of Postgres.
	reset    *poolReset
	inserter inserter
	// entropy makes the ids of this process sort in the order in which they were made, also within a millisecond.
	entropy *ulid.LockedMonotonicReader
	zones   phone.Zones
	// numberKey is the key of number hashes, nil until it was read.
	numberKey atomic.Pointer[[]byte]
}

// Open opens the database that url names: postgres://… or sqlite:PATH. It does not create or change tables; see Migrate.
// The error names the database without its password.
func Open(ctx context.Context, url string, options Options) (*Store, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.DialsPerMinute == 0 {
		options.DialsPerMinute = 10
	}
	s := &Store{options: options, entropy: &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(rand.Reader, 0)}}
	var err error
	switch {
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		err = s.openPostgres(ctx, url)
	case strings.HasPrefix(url, "sqlite:"):
		err = s.openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"))
	default:
		err = errors.New("DATABASE_URL must be a postgres URL or sqlite:PATH")
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Close releases the connections.
func (s *Store) Close() {
	if s.postgres != nil {
		s.postgres.Close()
	}
	if s.sqlite != nil {
		s.sqlite.close()
	}
}

// Postgres is the pool, nil on SQLite.
func (s *Store) Postgres() *pgxpool.Pool { return s.postgres }

// SQLite is the single writing connection, nil on Postgres.
func (s *Store) SQLite() *sql.DB {
	if s.sqlite == nil {
		return nil
	}
	return s.sqlite.write
}

func (s *Store) now() time.Time { return s.options.Now().UTC().Truncate(time.Microsecond) }

// read is for statements outside of a transaction that change nothing.
func (s *Store) read() querier {
	if s.postgres != nil {
		return tracedQuerier{pgxQuerier{s.postgres}, s}
	}
	return tracedQuerier{sqlQuerier{s.sqlite.read}, s}
}

// write runs f in a transaction and commits it when f returns nil. An error of the commit itself leaves open whether
// the transaction took effect.
func (s *Store) write(ctx context.Context, f func(tx *Tx) error) error {
	if s.postgres != nil {
		return s.writePostgres(ctx, f)
	}
	err := s.writeSQLite(ctx, f)
	if err != nil && s.options.OnFault != nil && unwritable(err) {
		s.options.OnFault(err)
	}
	return err
}

func (s *Store) newTx(ctx context.Context, q querier) *Tx {
	if s.options.Around != nil {
		q = hookedQuerier{q, s.options.Around}
	}
	return &Tx{querier: s.tracing(ctx, q), store: s, Now: s.now()}
}

// note appends to a call's history.
func (tx *Tx) note(ctx context.Context, callID, what, detail string) error {
	_, err := tx.Exec(ctx, `INSERT INTO call_history (id, call_id, at, what, detail) VALUES ($1, $2, $3, $4, $5)`,
		tx.newID(), callID, tx.Now, what, detail)
	if err != nil {
		return fmt.Errorf("history of call %s: %w", callID, err)
	}
	return nil
}

// inserter puts jobs into River within a transaction.
type inserter interface {
	insert(ctx context.Context, tx *Tx, runs []enqueued) error
}

// enqueued is a run of the ledger on its way into River.
type enqueued struct {
	args      jobs.RunArgs
	notBefore time.Time
}

// newID returns an id of 26 characters that sorts by time, and within a millisecond by the order of this process.
func (tx *Tx) newID() string {
	id, err := ulid.New(ulid.Timestamp(tx.Now), tx.store.entropy)
	if err != nil { // the counter of this millisecond is at its end, once in 2^80
		return ulid.MustNew(ulid.Timestamp(tx.Now), rand.Reader).String()
	}
	return id.String()
}

// newIDs returns n ids that sort in the order of the slice.
func (tx *Tx) newIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = tx.newID()
	}
	return ids
}

// Ping asks the database for an answer.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read().QueryRow(ctx, "SELECT 1").Scan(&one)
}

// ProbeWrite writes one row and commits. Its error says that nothing can be written now: the session is read-only, the disk
// is full, the file is locked. After it succeeded, no session of this process is one that can only read.
func (s *Store) ProbeWrite(ctx context.Context) error {
	err := s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO write_probe (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at`, tx.Now)
		return err
	})
	if err != nil {
		return fmt.Errorf("writing to the database: %w", err)
	}
	s.reset.wrote()
	return nil
}

// Probe says whether the database can be used now. Of Postgres it asks a second time over a new connection: an old one may have
// died with a server that is there again. SQLite's file may be there and not be writable, so something is written.
func (s *Store) Probe(ctx context.Context) error {
	if s.postgres == nil {
		return s.ProbeWrite(ctx)
	}
	if err := s.Ping(ctx); err == nil || ctx.Err() != nil {
		return err
	}
	s.postgres.Reset()
	return s.Ping(ctx)
}
