// Package inbox answers the question "have we seen it?": it makes a Twilio webhook take effect exactly once and answers
// it in time.
//
// A verified request becomes an [Event]; a [Processor] commits its deduplication row, its effects and its [Reply] in one
// transaction; [Handler] turns what happened into HTTP. Ready processors that run your own function in your own
// transaction are in inboxpgx (pgx) and inboxsql (database/sql); inboxtest holds any Processor to the promise.
package inbox
