package store

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/testserver"
)

// Sessions that were made while nothing could be written, and shortly after all others had been closed, are not used once it can.
func TestNoSessionIsReadOnlyOnceAProbeWrote(t *testing.T) {
	url := storetest.Postgres(t)
	s := open(t, url, Options{})
	writable, err := testserver.MakeReadOnly(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for s.ProbeWrite(t.Context()) == nil { // the first may be told that its connection is lost, which is an error, too
	}
	var taken []*pgxpool.Conn
	acquire := func() *pgxpool.Conn {
		t.Helper()
		c, err := s.postgres.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for range 6 {
		taken = append(taken, acquire())
	}
	_, err = taken[5].Exec(t.Context(), `UPDATE write_probe SET at = at`)
	if refused := new(pgconn.PgError); !errors.As(err, &refused) || refused.Code != readOnlySession {
		t.Fatal(err)
	}
	if err := writable(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.ProbeWrite(t.Context()); err != nil { // by a seventh session, which is new
		t.Fatal(err)
	}
	for _, c := range taken {
		c.Release()
	}
	for range 6 {
		c := acquire()
		defer c.Release()
		if _, err := c.Exec(t.Context(), `UPDATE write_probe SET at = at`); err != nil {
			t.Error(err)
		}
	}
}
