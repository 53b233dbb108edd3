//go:build !race

package e2etest

// Race says that this test has the race detector. Whoever runs the program within the test then does with less of it:
// SQLite is Go code here, and some ten times slower under the detector.
const Race = false
