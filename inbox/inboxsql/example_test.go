package inboxsql_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxsql"
)

// The driver is registered by importing it: here modernc.org/sqlite. The example is run where one is required (test/interop/inboxsql).
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

// Two inboxes in one database, each with tables of its own, that are pruned once a day.
func ExampleProcessor_Prune() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file::memory:?_pragma=busy_timeout(5000)")
	if err != nil {
		panic(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection has a memory of its own
	for _, prefix := range []string{"calls_", "messages_"} {
		processor, err := inboxsql.New(db, inboxsql.SQLite, func(context.Context, *sql.Tx, *inbox.Event) (inbox.Reply, error) {
			return inbox.Reply{}, nil
		}, inboxsql.WithPrefix(prefix))
		if err != nil {
			panic(err)
		}
		if err := processor.Migrate(ctx); err != nil {
			panic(err)
		}
		received := time.Now().AddDate(0, 0, -100)
		if _, err := processor.Process(ctx, &inbox.Event{ID: "CA1:voice", ReceivedAt: received}); err != nil {
			panic(err)
		}
		now := time.Now()
		if err := processor.Prune(ctx, now.AddDate(0, 0, -7), now.AddDate(0, 0, -90)); err != nil { // bodies after 7 days, ids after 90
			panic(err)
		}
		var ids int
		if err := db.QueryRow(`SELECT COUNT(*) FROM ` + prefix + `webhook_dedup`).Scan(&ids); err != nil {
			panic(err)
		}
		fmt.Println(prefix, ids)
	}
	// Prints:
	// calls_ 0
	// messages_ 0
}
