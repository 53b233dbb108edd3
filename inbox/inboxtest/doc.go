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
// The suite assumes neither a transaction for each event nor a number of statements: a Processor may let many events
// share one commit. Its databases are real, its concurrency too, and it never sleeps.
package inboxtest
