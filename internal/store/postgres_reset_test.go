package store

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/i-agent/iagent/inbox"
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

// After a failover all sessions can only read, and nobody asked whether the database can be written: the first webhook is accepted, and
// every one after it, also when all connections were closed a moment ago.
func TestWebhookIsAcceptedThoughAllSessionsAreReadOnly(t *testing.T) {
	database := storetest.Postgres(t)
	s := open(t, database, Options{})
	s.reset.now = func() time.Time { return time.Time{}.Add(time.Hour) } // the least time between two resets never passes
	l := dialledLine(t, s)
	l.send(inbox.KindVoice, "CallStatus", "in-progress")
	for n, status := range []string{"ringing", "in-progress", "completed"} {
		writable, err := testserver.MakeReadOnly(t.Context(), database)
		if err != nil {
			t.Fatal(err)
		}
		var taken []*pgxpool.Conn
		for len(taken) < 4 {
			c, err := s.postgres.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Exec(t.Context(), `UPDATE write_probe SET at = at`); inReadOnlySession(err) && !c.Conn().IsClosed() {
				taken = append(taken, c)
			} else { // a session that was ended, or all were closed for the first that can only read
				c.Release()
			}
		}
		// While nothing can be written the answer is the error.
		event := &inbox.Event{Kind: inbox.KindStatus, Query: url.Values{"callId": {l.id}}, ID: secretSid + ":status:" + status, Subject: l.id, CallSid: secretSid, AccountSid: "AC1",
			Form: url.Values{"CallSid": {secretSid}, "AccountSid": {"AC1"}, "CallStatus": {status}}, Body: []byte(status), ReceivedAt: time.Now()}
		if result, err := l.processor.Process(t.Context(), event); !inReadOnlySession(err) {
			t.Fatalf("%d: %+v, %v", n, result, err)
		}
		if err := writable(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, c := range taken {
			c.Release()
		}
		if result, err := l.processor.Process(t.Context(), event); err != nil || result.Outcome != inbox.Accepted {
			t.Fatalf("%d: %+v, %v", n, result, err)
		}
	}
}
