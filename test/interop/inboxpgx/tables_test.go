package inboxpgx_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxpgx"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/testinbox"
)

func TestTablesOfASchemaAreUsedInEveryQueryMode(t *testing.T) {
	url := testdb.Postgres(t)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		h := newHarness(t, url, mode, nil)
		if _, err := h.DB.Exec(`CREATE SCHEMA IF NOT EXISTS hooks`); err != nil {
			t.Fatal(err)
		}
		p, err := inboxpgx.New(h.plain, func(context.Context, pgx.Tx, *inbox.Event) (inbox.Reply, error) {
			return inbox.Reply{}, nil
		}, inboxpgx.WithSchema("hooks"), inboxpgx.WithPrefix("sms_"))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		id := "CA1:" + mode.String()
		old := testinbox.Event(id, "a=b")
		old.ReceivedAt = time.Now().AddDate(0, 0, -40)
		testinbox.Must(t, p, inbox.Accepted, old)
		testinbox.Must(t, p, inbox.Duplicate, testinbox.Event(id, "a=b"))
		testinbox.Must(t, p, inbox.Conflict, testinbox.Event(id, "a=c"))
		var n int
		if err := h.DB.QueryRow(`SELECT COUNT(*) FROM hooks.sms_inbox_events WHERE event_id = $1`, id).Scan(&n); err != nil || n != 2 {
			t.Errorf("%s: %d rows, %v; want the accepted event and the conflict", mode, n, err)
		}
		if err := p.Prune(t.Context(), time.Now().AddDate(0, 0, -10), time.Now().AddDate(0, 0, -30)); err != nil {
			t.Fatal(err)
		}
		testinbox.Must(t, p, inbox.Accepted, testinbox.Event(id, "a=b")) // forgotten
	}
	if _, err := inboxpgx.Schema(inboxpgx.WithPrefix("No")); err == nil {
		t.Error("Schema took a prefix with an upper-case letter")
	}
}
