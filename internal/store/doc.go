// Package store keeps everything that must not be lost, in SQLite or in Postgres, with the same statements on both.
//
// A [Store] is opened once. Its [Processor] is the application's inbox: it claims the ids of webhooks, loads their calls, has
// them decided by a pure function, and commits; webhooks that arrive together share a commit. The functions of the pipeline
// end their runs through the store too, in the transaction that holds their effects. [Snapshot] is what package verify reads.
package store
