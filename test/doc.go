// Package test holds the tests of the whole program, as its operators run it, on both databases: what it answers, what
// it survives and what it never does twice.
package test
