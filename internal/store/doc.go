// Package store keeps everything that must not be lost, in SQLite or in Postgres, with the same statements on both.
//
// A [Store] is opened once. Its [Processor] is the application's inbox: it claims, loads, lets a pure decision happen
// and commits, many webhooks to a commit when they arrive together. The functions of the pipeline end their runs
// through the store too, in the transaction that holds their effects.
package store
