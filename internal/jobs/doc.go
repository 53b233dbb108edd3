// Package jobs runs the functions of the pipeline on River and keeps the ledger that decides what "once" means.
package jobs
