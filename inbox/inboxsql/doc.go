// Package inboxsql is a ready [inbox.Processor] over database/sql: your function runs in a transaction that also holds the
// event's deduplication row, its raw body and its answer, so that all of it is committed, or none.
//
//	processor, err := inboxsql.New(db, inboxsql.SQLite, func(ctx context.Context, tx *sql.Tx, e *inbox.Event) (inbox.Reply, error) {
//		_, err := tx.ExecContext(ctx, `UPDATE orders SET called = 1 WHERE call_sid = $1`, e.CallSid)
//		return inbox.Reply{ContentType: "text/xml", Body: []byte("<Response/>")}, err
//	})
//	err = processor.Migrate(ctx)
//
// # SQLite
//
// Any driver will do whose placeholders may be written $1; modernc.org/sqlite and mattn/go-sqlite3 are of that kind. Open
// the file with a busy timeout and in WAL mode, for modernc:
//
//	file:app.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate
//
// The Processor writes from one transaction at a time, in the order of arrival, so that its own writers never wait for
// the busy timeout; other writers of the same file do. BEGIN IMMEDIATE is not needed for the Processor itself, whose
// first statement writes, but is what keeps your other transactions from failing when they first read, then write.
//
// # Postgres
//
// Any driver; the one tested is github.com/jackc/pgx/v5/stdlib. The isolation level is read committed. lock_timeout is
// set for the transaction to what is left of the delivery's deadline, so that a delivery which cannot wait any
// longer leaves no connection behind that still does. If you have a pgxpool.Pool, use package inboxpgx.
//
// # The tables
//
// [Processor.Migrate] creates two tables where they are missing; you may run the statements of [Schema] yourself
// instead: webhook_dedup has the ids of the events, and inbox_events what was sent and answered. [WithPrefix] and [WithSchema] change
// the names. They grow with every webhook until [Processor.Prune] is called:
//
//	now := time.Now()
//	err = processor.Prune(ctx, now.AddDate(0, 0, -7), now.AddDate(0, 0, -90)) // bodies after 7 days, ids after 90
package inboxsql
