// Package interview holds the words and the rules of a phone interview: campaigns, calls, consent, recordings,
// utterances, claims and hypotheses. It is pure: no input or output, no clock, no database.
package interview
