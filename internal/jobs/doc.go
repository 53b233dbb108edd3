// Package jobs runs the functions of the pipeline, on River or by way of Inngest.
//
// The ledger, the table function_runs, has a row for each function and key and decides whether a run has to be done; River and
// Inngest only say when. [Engine] takes a run from the ledger, calls its function and writes the result back; [Result] says what
// comes of an error.
package jobs
