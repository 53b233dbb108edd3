// Package testinbox is what the harnesses of inboxpgx and inboxsql have in common: a view of their tables, and sample
// events. Both have the same tables, so both are read through database/sql.
package testinbox

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxtest"
)

// View reads what is durable. Its connections pass no FaultInjector. It is a part of an [inboxtest.Harness].
type View struct {
	DB *sql.DB
	// Prefix is put before the names of the inbox's tables.
	Prefix string
}

// NewView returns the view of a database in which a Processor has created its tables, and creates the table of effects.
func NewView(t testing.TB, db *sql.DB) View {
	t.Helper()
	t.Cleanup(func() { db.Close() })
	if _, err := db.ExecContext(context.Background(), `CREATE TABLE IF NOT EXISTS effects (event_id TEXT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	return View{DB: db}
}

// InsertEffect is the statement by which an event takes effect.
const InsertEffect = `INSERT INTO effects (event_id) VALUES ($1)`

// Effects is [inboxtest.Harness.Effects].
func (v View) Effects(ctx context.Context, id string) (n int, err error) {
	err = v.DB.QueryRowContext(ctx, `SELECT COUNT(*) FROM effects WHERE event_id = $1`, id).Scan(&n)
	return n, err
}

// Claimed is [inboxtest.Harness.Claimed].
func (v View) Claimed(ctx context.Context, id string) (claimed bool, err error) {
	err = v.DB.QueryRowContext(ctx, `SELECT COUNT(*) > 0 FROM `+v.Prefix+`webhook_dedup WHERE "id" = $1`, id).Scan(&claimed)
	return claimed, err
}

// Events is [inboxtest.Harness.Events].
func (v View) Events(ctx context.Context, id string) ([]inboxtest.Recorded, error) {
	rows, err := v.DB.QueryContext(ctx, `SELECT outcome, error, attempt, body FROM `+v.Prefix+`inbox_events WHERE event_id = $1 ORDER BY id`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []inboxtest.Recorded
	for rows.Next() {
		var r inboxtest.Recorded
		if err := rows.Scan(&r.Outcome, &r.Error, &r.Attempt, &r.Body); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// Event returns a voice webhook that was received now.
func Event(id, body string) *inbox.Event {
	return &inbox.Event{ID: id, Kind: inbox.KindVoice, Target: "/voice", Body: []byte(body), ReceivedAt: time.Now()}
}

// Must delivers the event and wants an outcome.
func Must(t testing.TB, p inbox.Processor, want inbox.Outcome, e *inbox.Event) inbox.Reply {
	t.Helper()
	result, err := p.Process(t.Context(), e)
	if err != nil || result.Outcome != want {
		t.Fatalf("%s: %q, %v; want %s", e.ID, result.Outcome, err, want)
	}
	return result.Reply
}
