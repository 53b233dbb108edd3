package store

import (
	"testing"

	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/testdb"
)

func TestMigrationsCanBeTakenBackAndRepeated(t *testing.T) {
	storetest.EachEmpty(t, func(t *testing.T, url string) {
		s, ctx := open(t, url, Options{}), t.Context()
		if err := s.MigrateUp(ctx); err != nil {
			t.Fatalf("up: %v", err)
		}
		if ok, err := s.Migrated(ctx); err != nil || !ok {
			t.Fatalf("after up: migrated %v, %v", ok, err)
		}
		if err := s.MigrateUp(ctx); err != nil {
			t.Fatalf("up twice: %v", err)
		}
		for range 20 {
			list, err := s.MigrateStatus(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if list[0].AppliedAt.IsZero() {
				break
			}
			if err := s.MigrateDown(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.MigrateUp(ctx); err != nil {
			t.Fatalf("up after down: %v", err)
		}
		seed(t, s, 1)
	})
}

// A table of the original application must keep counting: its ids are taken.
func TestExistingDedupTableIsKept(t *testing.T) {
	storetest.EachEmpty(t, func(t *testing.T, url string) {
		s := open(t, url, Options{})
		err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `CREATE TABLE "webhook_dedup" ("id" TEXT NOT NULL PRIMARY KEY,
					"receivedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP)`)
			if err != nil {
				return err
			}
			_, err = tx.Exec(t.Context(), `INSERT INTO "webhook_dedup" ("id") VALUES ('CA1:voice')`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM webhook_dedup WHERE "id" = 'CA1:voice'`); n != 1 {
			t.Fatalf("%d rows of the old table left, want 1", n)
		}
	})
}

func TestManyProcessesMigrateAtOnce(t *testing.T) {
	url := testdb.Postgres(t)
	errs := make(chan error)
	const processes = 4
	for range processes {
		go func() {
			s, err := Open(t.Context(), url, Options{})
			if err == nil {
				defer s.Close()
				err = s.MigrateUp(t.Context())
			}
			errs <- err
		}()
	}
	for range processes {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
