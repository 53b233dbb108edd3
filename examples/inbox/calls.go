package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"

	"github.com/i-agent/iagent/inbox"
)

// open opens the program's database, and creates its table.
func open(ctx context.Context, path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+path+
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS callers (number TEXT PRIMARY KEY, calls INTEGER NOT NULL)`)
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return db, nil
}

// greet counts a call. What it does in tx is committed together with the event and with what it answers, or not at all.
func greet(ctx context.Context, tx *sql.Tx, e *inbox.Event) (inbox.Reply, error) {
	from := e.Form.Get("From")
	if from == "" {
		return inbox.Reply{}, inbox.Refuse(http.StatusBadRequest, "Missing From")
	}
	var calls int
	err := tx.QueryRowContext(ctx, `INSERT INTO callers (number, calls) VALUES ($1, 1)
		ON CONFLICT (number) DO UPDATE SET calls = callers.calls + 1 RETURNING calls`, from).Scan(&calls)
	if err != nil {
		return inbox.Reply{}, fmt.Errorf("counting the call: %w", err)
	}
	return inbox.Reply{
		ContentType: "text/xml",
		Body:        fmt.Appendf(nil, `<Response><Say>This is your call number %d.</Say></Response>`, calls),
	}, nil
}
