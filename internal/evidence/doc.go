// Package evidence checks what a language model claims against what a person said.
//
// It reads a transcript into words and numbers (token.go, number.go, measure.go), finds a model's quote in it (quote.go),
// looks for the words around the quote that change what it says, such as "never" or "at most" (modifier.go), and makes a
// claim of the model's proposal, or rejects it with the reason (check_claim.go). It is pure: no input or output, no clock, no
// database.
package evidence
