// Package twilio speaks to Twilio's REST API through the official client: it places, looks up and ends calls, and
// fetches and deletes recordings.
//
// It never retries by itself. Every error says what is known about the request ([Error]), so that the caller can tell a
// refusal from a call that may have been placed: creating a call has no idempotency key (Twilio: Call resource).
package twilio
