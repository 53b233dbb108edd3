package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/store/storetest"
)

// databasePath is the file of a URL.
func databasePath(t *testing.T, url string) string {
	t.Helper()
	path, ok := SQLitePath(url)
	if !ok {
		t.Fatalf("%s is no file", url)
	}
	return path
}

// A backup is made while calls are created: it has all that was there when it began, and is whole.
func TestBackupUnderLoadIsWholeAndItsOwnersAlone(t *testing.T) {
	url := storetest.SQLite(t)
	s, file := open(t, url, Options{}), filepath.Join(t.TempDir(), "it's a backup.db")
	ids := seed(t, s, 10)
	ctx, stop := context.WithCancel(t.Context())
	written := make(chan struct{})
	go func() {
		defer close(written)
		for ctx.Err() == nil {
			_ = s.Note(context.WithoutCancel(ctx), ids[0], "load", strings.Repeat("x", 500))
		}
	}()
	made, err := BackupSQLite(t.Context(), databasePath(t, url), file)
	stop()
	<-written
	if err != nil || made.Calls != 10 || made.Version == 0 {
		t.Fatalf("%+v, %v", made, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || info.Size() != made.Size {
		t.Errorf("%+v, %v", info, err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("beside the backup there is %v, %v", left, err)
	}
	if _, err := BackupSQLite(t.Context(), databasePath(t, url), file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second backup to the same file: %v", err)
	}
	if _, err := BackupSQLite(t.Context(), filepath.Join(t.TempDir(), "none.db"), file+"2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a backup of nothing: %v", err)
	}
}

// The file without the log beside it may be empty, and is refused; so is a damaged one.
func TestIncompleteCopyIsNotRestored(t *testing.T) {
	url, folder := storetest.SQLite(t), t.TempDir()
	fresh := open(t, "sqlite:"+filepath.Join(folder, "fresh.db"), Options{})
	if err := fresh.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(folder, "copied.db")
	content, err := os.ReadFile(filepath.Join(folder, "fresh.db"))
	if err != nil {
		t.Fatal(err)
	}
	// As it is before the log was emptied for the first time.
	if err := os.WriteFile(copied, content[:0], 0o600); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(folder, "target.db")
	if _, err := RestoreSQLite(t.Context(), copied, target, RestoreOptions{}); !errors.Is(err, ErrNoSchema) {
		t.Errorf("an empty copy: %v", err)
	}
	s, file := open(t, url, Options{}), filepath.Join(folder, "backup.db")
	seed(t, s, 50)
	if _, err := BackupSQLite(t.Context(), databasePath(t, url), file); err != nil {
		t.Fatal(err)
	}
	if content, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	copy(content[8192:], strings.Repeat("damaged!", 512))
	if err := os.WriteFile(copied, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := RestoreSQLite(t.Context(), copied, target, RestoreOptions{}); err == nil {
		t.Error("a damaged copy was restored")
	}
	if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was put in the place of the database: %v", err)
	}
}

func TestRestoreTakesNoDatabaseFromAServer(t *testing.T) {
	ctx, url := t.Context(), storetest.SQLite(t)
	path, file := databasePath(t, url), filepath.Join(t.TempDir(), "backup.db")
	server := open(t, url, Options{})
	seed(t, server, 3)
	if _, err := BackupSQLite(ctx, path, file); err != nil {
		t.Fatal(err)
	}
	seed(t, server, 4)
	for _, force := range []bool{false, true} {
		if _, err := RestoreSQLite(ctx, file, path, RestoreOptions{Force: force}); !errors.Is(err, ErrInUse) {
			t.Errorf("beside a server, force %v: %v", force, err)
		}
	}
	seed(t, server, 5) // which works on
	server.Close()
	if _, err := RestoreSQLite(ctx, file, path, RestoreOptions{}); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("over a database: %v", err)
	}
	done, err := RestoreSQLite(ctx, file, path, RestoreOptions{Force: true, Actor: "cli:ann"})
	if err != nil || done.File.Calls != 3 || done.Aside == "" || done.Since.IsZero() {
		t.Fatalf("%+v, %v", done, err)
	}
	if aside, err := InspectSQLite(ctx, done.Aside); err != nil || aside.Calls != 12 {
		t.Errorf("the database that was there: %+v, %v", aside, err)
	}
	restored := open(t, url, Options{})
	if n := restored.count(t, `SELECT COUNT(*) FROM calls`); n != 3 {
		t.Errorf("%d calls are restored, want 3", n)
	}
	if marks, err := restored.OpenRestores(ctx); err != nil || len(marks) != 1 {
		t.Errorf("%+v, %v", marks, err)
	}
	log, err := restored.AuditLog(ctx, AuditFilter{Action: "backup.restored"}, Page{Limit: 5})
	if err != nil || len(log.Items) != 1 || log.Items[0].Actor != "cli:ann" {
		t.Errorf("audit log: %+v, %v", log.Items, err)
	}
}

// A backup of a newer program is refused by name, as its database would be.
func TestBackupOfANewerProgramIsRefused(t *testing.T) {
	url, file := storetest.SQLite(t), filepath.Join(t.TempDir(), "backup.db")
	s := open(t, url, Options{})
	if _, err := s.sqlite.write.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`); err != nil {
		t.Fatal(err)
	}
	if _, err := BackupSQLite(t.Context(), databasePath(t, url), file); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "target.db")
	if _, err := RestoreSQLite(t.Context(), file, target, RestoreOptions{}); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was put in the place of the database: %v", err)
	}
}

// While a server is connected to a Postgres database nobody marks it as restored.
func TestMarkOfARestorationNeedsNoServer(t *testing.T) {
	url := storetest.Postgres(t)
	s := open(t, url, Options{})
	if err := s.RequireUnused(t.Context()); err != nil {
		t.Errorf("alone: %v", err)
	}
	server := open(t, url, Options{})
	if err := server.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.RequireUnused(t.Context()); !errors.Is(err, ErrInUse) {
		t.Errorf("beside a server: %v", err)
	}
}
