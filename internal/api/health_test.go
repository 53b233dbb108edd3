package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/testserver"
)

// serveProbes serves s with a clock that moves on by so much with every look at it, so that no answer is remembered.
func serveProbes(t *testing.T, s *store.Store, step time.Duration) *server {
	t.Helper()
	now := time.Now()
	h := httptest.NewServer(api.New(api.Config{Store: s, AdminToken: token, Now: func() time.Time {
		now = now.Add(step)
		return now
	}}))
	t.Cleanup(h.Close)
	return &server{t: t, url: h.URL, store: s}
}

func TestReadyOnlyOnceTheSchemaIsThere(t *testing.T) {
	storetest.EachEmpty(t, func(t *testing.T, url string) {
		s := serveProbes(t, opened(t, url), time.Minute)
		s.get("/healthz").want(200)
		s.get("/readyz").wantError(503, "Database schema is not up to date: run iagent migrate up")
		if err := s.store.MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if o := s.get("/readyz").want(200); o["status"] != "ok" {
				t.Errorf("%v", o)
			}
		}
		s.store.Close()
		s.get("/readyz").wantError(503, "Database is not reachable")
		if o := s.get("/healthz").want(200); o["status"] != "ok" {
			t.Errorf("%v", o)
		}
	})
}

// A newer program may have changed what this one writes.
func TestNotReadyOnANewerSchema(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := serveProbes(t, opened(t, url), time.Minute)
		s.get("/readyz").want(200)
		const newer = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)`
		storetest.Exec(t, s.store, newer)
		s.get("/readyz").wantError(503, "Database schema is newer than this program")
		if err := s.store.MigrateUp(t.Context()); err == nil || !strings.Contains(err.Error(), "newer than this program") {
			t.Errorf("migrating up: %v", err)
		}
	})
}

// A failover may leave sessions that can only read. They are replaced once one of them says so.
func TestReadOnlySessionsAreReplaced(t *testing.T) {
	url := storetest.Postgres(t)
	// The real clock: the schema is looked at once a minute, which takes a connection out of the pool.
	s := serve(t, opened(t, url))
	until := func(status int) {
		t.Helper()
		deadline := time.Now().Add(30 * time.Second)
		for s.get("/readyz").status != status {
			if time.Now().After(deadline) {
				t.Fatalf("after half a minute /readyz is not yet %d", status)
			}
		}
	}
	until(200)
	writable, err := testserver.MakeReadOnly(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	until(503)
	s.do("POST", "/api/campaigns", `{"name":"n"}`).want(500)

	if err := writable(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Those sessions stay read-only; only new ones write.
	until(200)
	s.do("POST", "/api/campaigns", `{"name":"n"}`).want(201)
}

// Whoever holds the only place to write for longer than a probe waits keeps webhooks from being accepted.
func TestNotReadyWhileTheFileCannotBeWritten(t *testing.T) {
	url := storetest.SQLite(t)
	s := serveProbes(t, opened(t, url), time.Second)
	s.get("/readyz").want(200)
	other := opened(t, url)
	writing, err := other.SQLite().BeginTx(t.Context(), nil) // takes the lock at once
	if err != nil {
		t.Fatal(err)
	}
	s.get("/readyz").wantError(503, "Database cannot be written")
	if err := writing.Rollback(); err != nil {
		t.Fatal(err)
	}
	s.get("/readyz").want(200)
}
