package inboxsql_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxsql"
)

// The driver is registered by importing it: here modernc.org/sqlite.
func ExampleNew() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "inbox")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "app.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	if err != nil {
		panic(err)
	}
	defer db.Close()

	fail := true
	processor, err := inboxsql.New(db, inboxsql.SQLite, func(ctx context.Context, tx *sql.Tx, e *inbox.Event) (inbox.Reply, error) {
		if fail {
			return inbox.Reply{}, fmt.Errorf("out of order")
		}
		return inbox.Reply{ContentType: "application/json", Body: []byte(`{"success":true}`)}, nil
	})
	if err != nil {
		panic(err)
	}
	if err := processor.Migrate(ctx); err != nil {
		panic(err)
	}
	event := &inbox.Event{ID: "CA1:status:completed", Kind: inbox.KindStatus}
	_, err = processor.Process(ctx, event)
	fmt.Println(err)
	fail = false
	for range 2 {
		result, err := processor.Process(ctx, event)
		fmt.Println(result.Outcome, string(result.Reply.Body), err)
	}
	// Prints:
	// handling the event: out of order
	// accepted {"success":true} <nil>
	// duplicate {"success":true} <nil>
}
