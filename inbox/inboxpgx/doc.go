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
// the delivery's deadline, so that no backend goes on waiting for somebody who has left.
//
// All query modes of pgx work, so it runs behind a connection pooler in transaction mode too.
package inboxpgx
