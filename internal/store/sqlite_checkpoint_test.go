package store

import (
	"bytes"
	"database/sql"
	"os"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/i-agent/iagent/internal/store/storetest"
)

// fillLog writes pages into the log until n pages are written.
func fillLog(t *testing.T, s *Store, n int) {
	t.Helper()
	payload := bytes.Repeat([]byte{'x'}, 1<<20)
	for range n/256 + 1 {
		err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `INSERT INTO filling (payload) VALUES ($1)`, payload)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestLogIsCopiedBesideTheWriter(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	if _, err := s.sqlite.write.ExecContext(t.Context(), `CREATE TABLE filling (payload BLOB)`); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(s.sqlite.log.path)
	if err != nil {
		t.Fatal(err)
	}
	fillLog(t, s, checkpointAt)
	s.sqlite.checkpoints.idle.Wait()
	after, err := os.Stat(s.sqlite.log.path)
	if err != nil {
		t.Fatal(err)
	}
	if grown := after.Size() - before.Size(); grown < checkpointAt*4096/2 {
		t.Errorf("the file grew by %d bytes, after %d pages were written", grown, checkpointAt)
	}
}

// The log stays within its bound while there is always a writer, and so no end of it for anybody else to reach.
func TestLogOfSQLiteHasABound(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	if _, err := s.sqlite.write.ExecContext(t.Context(), `CREATE TABLE filling (payload BLOB)`); err != nil {
		t.Fatal(err)
	}
	s.sqlite.checkpoints.close() // as if it were always too late
	fillLog(t, s, 2*walBound)
	log, err := os.Stat(s.sqlite.log.path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if most := int64(walBound+1000) * 4200; log.Size() > most {
		t.Errorf("the log has %d bytes, more than %d", log.Size(), most)
	}
}

// Whatever was committed is flushed to the disk before the commit returns, also with a log that somebody else copies.
func TestCommitsOfSQLiteAreFlushed(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	for setting, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "secure_delete": "1"} {
		var got string
		if err := s.sqlite.write.QueryRowContext(t.Context(), "PRAGMA "+setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", setting, got, err, want)
		}
	}
	s.sqlite.checkpoints.copy()
	var got string
	if err := s.sqlite.checkpoints.db.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&got); err != nil || got != "2" {
		t.Errorf("synchronous of the checkpoints is %s (%v), want 2", got, err)
	}
}

// The log begins anew though readers follow each other so that there is always one, and each began before the log was copied.
func TestLogOfSQLiteHasABoundThoughThereIsAlwaysAReader(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	if _, err := s.sqlite.write.ExecContext(t.Context(), `CREATE TABLE filling (payload BLOB)`); err != nil {
		t.Fatal(err)
	}
	filled := make(chan struct{})
	var reading errgroup.Group
	reading.Go(func() error {
		var older *sql.Tx
		for {
			newer, err := s.sqlite.read.BeginTx(t.Context(), nil)
			if err != nil {
				return err
			}
			defer func() { _ = newer.Rollback() }()
			var n int
			if err := newer.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM filling`).Scan(&n); err != nil {
				return err
			}
			if older != nil {
				_ = older.Rollback()
			}
			older = newer
			select {
			case <-time.After(5 * time.Millisecond): // as long as a read takes
			case <-filled:
				return nil
			}
		}
	})
	var longest int64
	for range 20 {
		fillLog(t, s, walBound/4)
		log, err := os.Stat(s.sqlite.log.path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, log.Size())
	}
	close(filled)
	if err := reading.Wait(); err != nil {
		t.Fatal(err)
	}
	if most := int64(restartAt+walBound) * 4200; longest > most {
		t.Errorf("the log had %d bytes, more than %d", longest, most)
	}
}
