package inboxtest

import "testing"

// Exercise runs the whole suite against the Processor that open returns; every case opens its own.
func Exercise(t *testing.T, open Open) {
	for _, group := range [][]testCase{onceCases, failureCases, twinCases, payloadCases, crashCases} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) { c.run(t, open) })
		}
	}
}

// testCase is one promise, named after what would go wrong without it.
type testCase struct {
	name string
	run  func(t *testing.T, open Open)
}
