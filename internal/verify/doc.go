// Package verify checks the promise on a database, live or not: every accepted event has exactly one effect and one reply,
// every call is what its events say, every run has its cause. It reads one state of the database, part by part, and writes
// nothing.
package verify
