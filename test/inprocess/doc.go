// Package inprocess runs the whole program within the process of its tests, so that the race detector sees it: demos of many seeds,
// on both databases and engines, and servers with webhooks of two versions. Package test has the tests of the program's own
// process.
package inprocess
