// Package interview holds the types and the rules of a phone interview: campaigns, calls, consent, recordings, utterances,
// claims, hypotheses and the jobs between them. It is pure: no input or output, no clock, no database. What a claim quotes is
// checked by package evidence.
package interview
