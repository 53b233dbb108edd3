// Package demo shows i-agent at work without an account and without a network: the real program, a simulated Twilio that
// repeats and reorders its webhooks, scripted people, and a verdict on every promise.
package demo
