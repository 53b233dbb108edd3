// Package pipeline holds the functions that run behind the webhooks, one file for each: orchestrate-call writes the dial
// intent and dials, transcribe-recording turns audio into utterances, extract-claims and validate-claim ask a language model,
// delete-recording and end-call remove what nobody consented to, cancel-call ends a call on request.
//
// The intent is written by the store, see internal/store/dial_intent.go; a quote is checked by package evidence.
//
// A function guards by the state in the database, makes its outside calls, and commits the outcome together with the end
// of its run, in that order and never mixed. So it may be run any number of times: returning nil means that the run was
// ended in a transaction of the store. A plain error asks for another attempt, jobs.Permanent for none, jobs.Wait for
// one at a later time.
package pipeline
