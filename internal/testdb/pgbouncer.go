package testdb

import (
	"context"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/testserver"
)

// PgBouncer returns the URL of a Postgres database through a pooler with this pool_mode, which ends with the test.
func PgBouncer(t testing.TB, databaseURL, mode string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := testserver.StartPgBouncer(ctx, databaseURL, mode)
	if err != nil {
		t.Fatalf("test database: %v", err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("test database: %v", err)
		}
	})
	return p.URL()
}
