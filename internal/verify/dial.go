package verify

import (
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// compareDial says where a call was taken for another one, or failed for what did not concern it.
func compareDial(c store.SnapshotCall) []fault {
	var faults []fault
	for _, e := range c.Events {
		person := e.Event.Form.Get("To")
		if e.Event.Form.Get("Direction") == "inbound" {
			person = e.Event.Form.Get("From")
		}
		if person != "" && c.Call.PhoneNumber != "" && !twilio.SameNumber(person, c.Call.PhoneNumber) {
			faults = append(faults, fault{"event-of-another-number", e.Row, "an accepted event is about a call to, or from, another number than the call's"})
		}
	}
	for _, h := range c.History {
		code := c.Call.ErrorCode
		if h.What == "dial.refused" && c.Call.Status == interview.CallFailed && twilio.RefusalOf(400, code) == twilio.RefusesAccount {
			faults = append(faults, fault{"account-refusal-failed-call", fmt.Sprint(code),
				"the call failed because Twilio refused the account, which says nothing about the number: nobody was called"})
		}
	}
	return faults
}
