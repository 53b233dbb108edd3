// Package rejection keeps and explains requests to the webhooks that were refused before they were known to be Twilio's.
//
// Anybody can send such requests, in any number, so nothing here is done while one is answered: [Keeper.Offer] puts a copy on a
// bounded queue, or drops it, and [Keeper.Run] explains, logs and stores what is on the queue, at a bounded pace. What is stored is a
// [store.RejectionDetail], which has no value of any parameter; the request itself is held in memory for a while, so that it can be
// explained and verified again. See docs/adr/0014-rejections.md.
package rejection
