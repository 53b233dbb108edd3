package testdb

import (
	"path/filepath"
	"testing"
)

// SQLite returns the path of a SQLite file that does not exist yet, in a
// folder that goes with the test.
func SQLite(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "iagent.db")
}
