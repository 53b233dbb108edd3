// Package testserver starts throw-away PostgreSQL and Redis servers, and the
// proxies nginx and Caddy, for tests and benchmarks.
//
// A server listens on a free loopback port behind a random password, keeps
// its files in a temporary folder and is gone when its owner is: Close stops
// it, and a watchdog process does the same when the owner dies without
// calling Close, be it by os.Exit, a panic or SIGKILL. So a test may leave
// servers to the end of its process.
//
// Programs that are already installed are used (PATH, then the places where
// packages put them). One that is missing is an error: only Install, which
// the command withservers calls, brings it with the system's package manager,
// with sudo when we are not root. PostgreSQL refuses to run as root: then servers
// run as the account "postgres", or "nobody" where there is none.
//
// It needs a Unix: POSIX sh, signals and user ids.
package testserver
