// Package e2etest is the part of the kit of the end-to-end tests that needs testing.TB: it runs the real iagent, as it is
// built for operators, with its settings in the environment and a database of its own, beside stand-ins for Twilio and for
// the models. What it knows of webhooks and of the API it knows from their contract, not from our code, so that a fault in
// the one is not hidden by the other.
//
// A test package that uses it calls [Main] from its TestMain, which removes the binary at the end.
package e2etest
