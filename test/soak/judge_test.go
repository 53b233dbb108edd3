package main

import (
	"testing"

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
