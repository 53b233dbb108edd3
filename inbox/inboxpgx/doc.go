// Package inboxpgx is a ready [inbox.Processor] over a pgx pool: your function runs in a transaction that also holds the
// event's deduplication row, its raw body and its answer, so that all of it is committed, or none.
//
//	processor, err := inboxpgx.New(pool, func(ctx context.Context, tx pgx.Tx, e *inbox.Event) (inbox.Reply, error) {
//		_, err := tx.Exec(ctx, `UPDATE orders SET called = true WHERE call_sid = $1`, e.CallSid)
//		return inbox.Reply{ContentType: "text/xml", Body: []byte("<Response/>")}, err
//	})
//	err = processor.Migrate(ctx)
//
// The isolation level is read committed. A delivery uses one connection of the pool, and a second one after the first was
// given back only to record a failure. Deliveries of the same event wait for each other without a connection within one
// process, and at the deduplication row between processes; lock_timeout is set for the transaction to what is left of
// the delivery's deadline, so that no connection goes on waiting for a delivery that has given up.
//
// All query modes of pgx work, so it runs behind a connection pooler in transaction mode too.
//
// # The tables
//
// [Processor.Migrate] creates two tables where they are missing; you may run the statements of [Schema] yourself
// instead: webhook_dedup has the ids of the events, and inbox_events what was sent and answered. [WithPrefix] and [WithSchema] change
// the names. They grow with every webhook until [Processor.Prune] is called:
//
//	now := time.Now()
//	err = processor.Prune(ctx, now.AddDate(0, 0, -7), now.AddDate(0, 0, -90)) // bodies after 7 days, ids after 90
package inboxpgx
