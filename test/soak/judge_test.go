package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/i-agent/iagent/internal/twilio"
	"github.com/i-agent/iagent/internal/verify"
)

func TestOnlyAnUnknownDialMayStayOpen(t *testing.T) {
	for v, want := range map[verify.Violation]bool{
		{Kind: "overdue", Detail: "dial"}:            true,
		{Kind: "unfinished", Detail: "DIAL_UNKNOWN"}: true,
		{Kind: "unfinished", Detail: "DIALING"}:      false,
		{Kind: "overdue", Detail: "end"}:             false,
		{Kind: "call-state", Detail: "dial"}:         false,
	} {
		if unknownDial(v) != want {
			t.Errorf("%+v", v)
		}
	}
}

// What iagent reconcile complains of is excused only where each call met a fault that passes.
func TestOnlyFaultsThatPassAreExcused(t *testing.T) {
	complain := func(statuses ...int) string {
		var faults []error
		for i, status := range statuses {
			faults = append(faults, fmt.Errorf("call 01K%d: %w", i, &twilio.Error{Op: "fetching call", Status: status, Shaped: true}))
		}
		return "2 unfinished calls asked about\niagent: " + fmt.Errorf("reconciling: %w", errors.Join(faults...)).Error() + "\n"
	}
	for complaints, want := range map[string]bool{
		complain(429):           true,
		complain(503, 429, 500): true,
		complain(404):           false,
		complain(503, 404):      false,
		complain(400, 429):      false,
		"":                      false,
		"3 unfinished calls asked about\nnothing was missing\n":                               false,
		"iagent: connecting to Postgres: transient: database: connection lost\n":              false,
		"iagent: reconciling: call 01K1: call CA1 at Twilio is to, or from, another number\n": false,
	} {
		if got := onlyTransient(complaints); got != want {
			t.Errorf("%q is excused: %t", complaints, got)
		}
	}
}
