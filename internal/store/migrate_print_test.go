package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/store/storetest"
)

// applyByHand runs printed SQL as psql and sqlite3 do.
func applyByHand(t *testing.T, s *Store, script string) {
	t.Helper()
	if s.sqlite != nil {
		if _, err := s.sqlite.write.ExecContext(t.Context(), script); err != nil {
			t.Fatal(err)
		}
		return
	}
	conn, err := s.postgres.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Conn().PgConn().Exec(t.Context(), script).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

// schemaOf is what the tables look like.
func schemaOf(t *testing.T, s *Store) (text string) {
	t.Helper()
	query := `SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version' ORDER BY 1`
	if s.postgres != nil {
		query = `SELECT table_name || ' ' || column_name || ' ' || data_type || ' ' || COALESCE(column_default, '') || is_nullable FROM information_schema.columns
			WHERE table_schema = 'public' UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`
	}
	err := collect(t.Context(), s.read(), func(r row) error {
		var line string
		err := r.Scan(&line)
		text += strings.Join(strings.Fields(line), " ") + "\n"
		return err
	}, query)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// From an empty database, and from the schema of an older program, the printed SQL makes the same as the program does.
func TestPrintedMigrationsMakeTheSameSchema(t *testing.T) {
	want := map[bool]string{}
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url, Options{})
		want[s.sqlite != nil] = schemaOf(t, s)
		if script, err := MigrationSQL(t.Context(), url); script != "" || err != nil {
			t.Errorf("nothing is pending, and this is printed: %s %v", script, err)
		}
	})
	storetest.EachEmpty(t, func(t *testing.T, url string) {
		s := open(t, url, Options{})
		for _, version := range []int64{0, 18, 6} {
			if version > 0 {
				if err := s.MigrateDownTo(t.Context(), version); err != nil {
					t.Fatal(err)
				}
			}
			script, err := MigrationSQL(t.Context(), url)
			if err != nil || script == "" {
				t.Fatalf("from version %d: %q, %v", version, script, err)
			}
			if list, err := MigrationsOf(t.Context(), url); err != nil || !list[len(list)-9].AppliedAt.IsZero() {
				t.Fatalf("printing changed something: %+v, %v", list, err)
			}
			applyByHand(t, s, script)
			if ok, err := s.Migrated(t.Context()); err != nil || !ok {
				t.Fatalf("from version %d, applied by hand: migrated %v, %v", version, ok, err)
			}
			if err := s.MigrateUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := schemaOf(t, s); version == 0 && got != want[s.sqlite != nil] {
				t.Errorf("by hand:\n%s\nby the program:\n%s", got, want[s.sqlite != nil])
			}
		}
		seed(t, s, 1)
	})
}

func TestStatusOfMigrationsMakesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	list, err := MigrationsOf(t.Context(), "sqlite:"+path)
	if err != nil || len(list) == 0 || !list[0].AppliedAt.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
	if script, err := MigrationSQL(t.Context(), "sqlite:"+path); err != nil || !strings.Contains(script, "CREATE TABLE calls") {
		t.Errorf("%q, %v", script, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file now: %v", err)
	}
}
