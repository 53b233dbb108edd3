package store

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/testdb"
)

// A session of Postgres holds what is set, prepared, locked and listened to: whoever shares one is told so, and nobody else is.
func TestSharedSessionsAreFoundBehindAPooler(t *testing.T) {
	direct, empty := storetest.Postgres(t), testdb.Postgres(t) // in the second there is something to migrate
	for name, test := range map[string]struct {
		url  string
		want error
	}{
		"none":        {direct, nil},
		"session":     {testdb.PgBouncer(t, direct, "session"), nil},
		"transaction": {testdb.PgBouncer(t, empty, "transaction"), ErrSharedSessions},
		"statement":   {testdb.PgBouncer(t, empty, "statement"), ErrSharedSessions},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, test.url, Options{})
			for range 3 { // of new connections, then of those
				if err := s.ProbeSessions(t.Context()); !errors.Is(err, test.want) {
					t.Errorf("%v, want %v", err, test.want)
				}
			}
			if err := s.MigrateUp(t.Context()); !errors.Is(err, test.want) {
				t.Errorf("migrating: %v, want %v", err, test.want)
			}
		})
	}
	if err := open(t, storetest.SQLite(t), Options{}).ProbeSessions(t.Context()); err != nil {
		t.Errorf("SQLite: %v", err)
	}
}

// A statement may fail of it before sessions are compared: the same setting is then to blame.
func TestAnswersAboutPreparedStatementsSayThatSessionsAreShared(t *testing.T) {
	s := open(t, storetest.Postgres(t), Options{})
	for statement, want := range map[string]bool{
		`EXECUTE of_another_session`:                                       true,
		`PREPARE mine AS SELECT 1; PREPARE mine AS SELECT 2`:               true,
		`SELECT no_such_column`:                                            false,
		`DO $$ BEGIN RAISE EXCEPTION 'EXECUTE of_another_session'; END $$`: false,
	} {
		_, err := s.postgres.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol)
		if err == nil || SaysSharedSessions(err) != want {
			t.Errorf("%s: %v; want it to say so: %t", statement, err, want)
		}
	}
}
