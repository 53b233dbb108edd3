// Package inboxtest is the conformance suite for an [inbox.Processor]: an event takes effect exactly once, a failure leaves
// nothing behind, a duplicate gets the first answer, and a crash between any two statements changes none of that.
//
// An implementation runs it in one test:
//
//	func TestProcessor(t *testing.T) {
//		inboxtest.Exercise(t, func(t *testing.T, handle inboxtest.Handle) inboxtest.Harness {
//			return newHarness(t, handle) // a fresh database, a Processor that asks handle what to do
//		})
//	}
//
// A repetition is a Duplicate when it has the payload of the accepted delivery, and a Conflict when it has another one.
// Payloads are compared by [inbox.Event.PayloadHash]: the raw query and the raw body, so that the same parameters in another
// order are another payload. Neither the path nor a header is part of it: the suite repeats an event with another path and
// another IdempotencyToken.
//
// Where one of the two, the accepted delivery or its repetition, is [inbox.SourceReconciled], the repetition is a
// Duplicate whatever its payload: what is rebuilt from Twilio's REST API never has the bytes that Twilio sent.
//
// What a Processor must record of all that, and what it may, is said at [Recorded].
//
// A Processor that panics, or does not return within 10 s of the end of its context, fails its case, and the suite goes
// on.
//
// The suite assumes neither a transaction for each event nor a number of statements: a Processor may let many events
// share one commit. It needs a real database, delivers concurrently, and never sleeps.
package inboxtest
