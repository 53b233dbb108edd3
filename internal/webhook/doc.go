// Package webhook decides what each Twilio callback of a phone interview means. Every decision is pure: given the call as
// it stands and one verified event, it returns the call as it stands afterwards, what goes with it, and the reply. It sees
// no database, no clock and no network, so that the store may run it inside a transaction, and many in one commit.
//
// There is one file per callback: voice.go, fallback.go, consent.go, answer.go, status.go, recording.go and amd.go. A webhook
// that comes twice is not decided twice: package store answers it with the stored reply of the first.
package webhook
