// Package inboxtest holds any [inbox.Processor] to its promise: an event takes effect exactly once, a failure leaves
// nothing behind, a duplicate gets the first answer, and a crash between any two statements changes none of that.
//
// An implementation proves itself with one test:
//
//	func TestProcessor(t *testing.T) {
//		inboxtest.Exercise(t, func(t *testing.T, handle inboxtest.Handle) inboxtest.Harness {
//			return newHarness(t, handle) // a fresh database, a Processor that asks handle what to do
//		})
//	}
//
// A repetition is a Duplicate when it has the payload of the accepted delivery, and a Conflict when it has another one.
// Payloads are compared as raw bytes, unparsed: the Body always, so that the same parameters in another order are another
// payload. A Processor may compare more of what was signed: inboxpgx and inboxsql take the raw query of Target too, not
// its path, and i-agent's own takes the Subject. Headers are no part of it, since nobody signed them: the suite repeats
// an event with another IdempotencyToken.
//
// Where one of the two, the accepted delivery or its repetition, is [inbox.SourceReconciled], the repetition is a
// Duplicate whatever its payload: what is rebuilt from Twilio's REST API never has the bytes that Twilio sent.
//
// What a Processor has to record of all that, and what it may, is said at [Recorded].
//
// A Processor that panics, or does not return within 10 s of the end of its context, fails its case, and the suite goes
// on.
//
// The suite assumes neither a transaction for each event nor a number of statements: a Processor may let many events
// share one commit. Its databases are real, its concurrency too, and it never sleeps.
package inboxtest
