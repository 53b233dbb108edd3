// Package e2e is the kit of the end-to-end tests and of the demo: a client of the API, a judge of a finished campaign, the
// process of a server that is started and killed, and a proxy before it. It knows i-agent as other programs do, by its API
// and its contract, and imports nothing of the server: code that both shared could hide a fault. It does not import testing
// either, for the demo is part of the released binary; what a test needs of testing.TB is in package e2etest.
package e2e
