// Package testdb gives a test the databases it needs: real ones, empty, and
// its own.
//
// PostgreSQL and Redis are the servers named by TEST_DATABASE_URL and
// TEST_REDIS_URL, which `make test` sets. Where these are unset, as in a plain
// `go test ./...`, the first test that asks starts a throw-away server for its
// process (package testserver), which ends with the process; nothing is
// installed for it. A test that cannot get its database fails; it never skips.
package testdb
