package simulator

import (
	"testing"
)

func TestEveryScriptSendsItsCallbacksInOrder(t *testing.T) {
	recorded := "initiated ringing in-progress voice gather recording:in-progress completed recording:completed"
	for _, test := range []struct {
		script  Script
		log     string
		status  string
		consent Consent
	}{
		{Consents(), recorded, "completed", ConsentYes},
		{ConsentsByKeypad(), recorded, "completed", ConsentYes},
		{HangsUpMidway(), recorded, "completed", ConsentYes},
		{UnclearThenYes(), "initiated ringing in-progress voice gather gather recording:in-progress completed recording:completed", "completed", ConsentYes},
		{Refuses(), "initiated ringing in-progress voice gather completed", "completed", ConsentNo},
		{RefusesByKeypad(), "initiated ringing in-progress voice gather completed", "completed", ConsentNo},
		{UnclearTwice(), "initiated ringing in-progress voice gather gather completed", "completed", ConsentNone},
		{Silent(), "initiated ringing in-progress voice gather gather completed", "completed", ConsentNone},
		{Machine(), "initiated ringing in-progress voice gather gather completed", "completed", ConsentNone},
		{Busy(), "initiated busy", "busy", ConsentNone},
		{NoAnswer(), "initiated ringing no-answer", "no-answer", ConsentNone},
		{Fails(), "initiated failed", "failed", ConsentNone},
	} {
		t.Run(test.script.Name, func(t *testing.T) {
			r, truth, log := play(t, test.script)
			if got := kinds(log); got != test.log {
				t.Errorf("sent %s\nwant %s", got, test.log)
			}
			if truth.Status != test.status || truth.Consent != test.consent {
				t.Errorf("status %q, consent %q; want %q, %q", truth.Status, truth.Consent, test.status, test.consent)
			}
			if entries := r.sim.Debugger(); len(entries) > 0 {
				t.Errorf("Debugger: %+v", entries)
			}
		})
	}
}
