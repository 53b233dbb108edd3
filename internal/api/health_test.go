package api_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/testdb"
)

func TestReadyBeforeTheSchemaIsThere(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "sqlite:" + testdb.SQLite(t), "postgres": testdb.Postgres(t)} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, opened(t, url))
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
}
