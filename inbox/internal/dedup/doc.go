// Package dedup is what inboxpgx and inboxsql have in common: the statements, and their order, that make an event take
// effect once. The transaction is a type parameter.
package dedup
