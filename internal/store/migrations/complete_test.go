package migrations

import (
	"context"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox/inboxtest"
)

// Each start of the program asks for the newest schema, and nearly always has it: then nothing is locked, and another process that
// migrates is not waited for.
func TestNewestSchemaIsFoundWithoutALock(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(*inboxtest.FaultInjector) Database) {
		d := open(&inboxtest.FaultInjector{})
		if err := d.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d.Postgres != nil {
			unlock, err := d.lock(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer unlock()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // a lock is waited for three times as long
		defer cancel()
		const most = 12
		faults := &inboxtest.FaultInjector{}
		started := open(faults)
		if err := started.Up(ctx); err != nil {
			t.Fatal(err)
		}
		faults.Arm(inboxtest.Fault{At: most + 1, Process: true})
		if err := started.Up(ctx); err != nil || faults.Triggered() {
			t.Errorf("the database is asked more than %d times: %v", most, err)
		}
	})
}

// What the steps are counted by may not be what they were: then goose decides, as it would have without that short way.
func TestIncompleteSchemaIsNotTakenForTheNewest(t *testing.T) {
	for name, damage := range map[string]string{
		"a step of ours is missing":    `DELETE FROM goose_db_version WHERE version_id = 17`,
		"our newest step is missing":   `DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`,
		"a step of River's is missing": `DELETE FROM river_migration WHERE version = (SELECT MAX(version) FROM river_migration)`,
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, open func(*inboxtest.FaultInjector) Database) {
				d := open(&inboxtest.FaultInjector{})
				if err := d.Up(t.Context()); err != nil {
					t.Fatal(err)
				}
				var err error
				if d.Postgres != nil {
					_, err = d.Postgres.Exec(t.Context(), damage)
				} else {
					_, err = d.SQLite.ExecContext(t.Context(), damage)
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := d.Up(t.Context()); err == nil && !complete(t, d) {
					t.Error("it is taken for the newest")
				}
			})
		})
	}
}
