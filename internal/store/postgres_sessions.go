package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrSharedSessions says that a pooler gives a connection another session of Postgres for each transaction: settings and prepared
// statements are then those of somebody else, and the lock of a migration stays held.
var ErrSharedSessions = errors.New("a connection pooler shares sessions of Postgres between connections; " +
	"let each connection keep its own (PgBouncer: pool_mode = session), or use the address of the database itself")

const (
	// probedSessions are the connections that are compared: two of three meet also behind two poolers.
	probedSessions = 3
	// sessionRounds is how often each is asked. In a pooler without other traffic the second connection gets the session that the first
	// has just left; with other traffic a connection has one after the other.
	sessionRounds = 5
	// sessionWithin bounds it: a pooler that has no session left lets a connection wait.
	sessionWithin = 5 * time.Second

	noSuchStatement    = "26000" // SQLSTATE invalid_sql_statement_name
	duplicateStatement = "42P05" // SQLSTATE duplicate_prepared_statement
)

// ProbeSessions returns ErrSharedSessions when a connection does not keep a session of Postgres for itself, as behind PgBouncer in its
// modes transaction and statement. Without a pooler that cannot be said of it: no two open connections have the same session, and
// none changes it. Another error says that the connections were not given. On SQLite it does nothing.
func (s *Store) ProbeSessions(ctx context.Context) error {
	if s.postgres == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sessionWithin)
	defer cancel()
	conns := make([]*pgxpool.Conn, min(probedSessions, int(s.postgres.Config().MaxConns)))
	for i := range conns {
		conn, err := s.postgres.Acquire(ctx)
		if err != nil {
			return fmt.Errorf("connecting to Postgres for a comparison of %d sessions: %w", len(conns), err)
		}
		defer conn.Release()
		conns[i] = conn
	}
	held := make([]string, len(conns))
	for range sessionRounds {
		for i, conn := range conns {
			session, err := sessionOf(ctx, conn)
			if err != nil {
				return err
			}
			changed := held[i] != "" && held[i] != session
			if changed || slices.Contains(held[:i], session) || slices.Contains(held[i+1:], session) {
				return ErrSharedSessions
			}
			held[i] = session
		}
	}
	return nil
}

// sessionOf names the session that a connection has now. A process id alone may come again, on another server, too. It is no
// prepared statement, which a pooler may refuse.
func sessionOf(ctx context.Context, conn *pgxpool.Conn) (session string, err error) {
	err = conn.QueryRow(ctx, `SELECT pid || ' since ' || COALESCE(CAST(backend_start AS TEXT), '') FROM pg_stat_get_activity(pg_backend_pid())`,
		pgx.QueryExecModeSimpleProtocol).Scan(&session)
	if err != nil {
		return "", fmt.Errorf("asking Postgres for the session: %w", err)
	}
	return session, nil
}

// SaysSharedSessions reports whether err is ErrSharedSessions, or what Postgres answers then to a statement: nobody else makes or drops
// the prepared statements of a session that a connection has for itself.
func SaysSharedSessions(err error) bool {
	var answer *pgconn.PgError
	return errors.Is(err, ErrSharedSessions) || errors.As(err, &answer) && (answer.Code == noSuchStatement || answer.Code == duplicateStatement)
}

// RequireSessions is ProbeSessions for whoever cannot work without them: its error is ErrSharedSessions or nil. What else is wrong with the
// database, the next statement says.
func (s *Store) RequireSessions(ctx context.Context) error {
	if err := s.ProbeSessions(ctx); errors.Is(err, ErrSharedSessions) {
		return err
	}
	return nil
}
