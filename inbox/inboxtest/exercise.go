package inboxtest

import "testing"

// Exercise runs the whole suite against the Processor that open returns; every case opens its own.
func Exercise(t *testing.T, open Open) {
	for _, group := range [][]testCase{exactlyOnceCases, failureCases, concurrentCases, payloadCases, crashCases} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) { c.run(t, open) })
		}
	}
}

// testCase is one rule, named after what must hold.
type testCase struct {
	name string
	run  func(t *testing.T, open Open)
}
