package week_test

import (
	"fmt"
	"testing"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/simulator"
)

// ended is a contact that is over, and what the test and the simulator know of it.
type ended struct {
	contact e2e.Contact
	// calls are those of its campaign to its number, and attempts how many the campaign makes.
	calls    []simulator.Truth
	attempts int
	// listed says that the number is on the do-not-call list, by the test or by what the person said.
	listed bool
	// zoneless says that nothing tells the person's time zone, completed that the campaign was completed, and stopped that a stop
	// canceled calls of it.
	zoneless, completed, stopped bool
}

// fault says why the contact must not have ended so, "" for an end that is right.
func (e ended) fault() string {
	reached := false
	for _, truth := range e.calls {
		reached = reached || truth.Consent == simulator.ConsentYes || truth.OptedOut
	}
	reason := ""
	if e.contact.Reason != nil {
		reason = *e.contact.Reason
	}
	switch {
	case len(e.calls) > e.attempts || len(e.calls) > e.contact.Attempts:
		return fmt.Sprintf("it was called %d times, of %d, and counts %d", len(e.calls), e.attempts, e.contact.Attempts)
	case reached && e.contact.State != "REACHED":
		return fmt.Sprintf("it is %s %s, and somebody gave consent or opted out", e.contact.State, reason)
	}
	switch e.contact.State {
	case "REACHED":
		for _, truth := range e.calls {
			if truth.Status == "completed" {
				return ""
			}
		}
		return "it is REACHED, and nobody answered"
	case "EXHAUSTED":
		if e.contact.Attempts < e.attempts {
			return fmt.Sprintf("it is EXHAUSTED after %d attempts of %d", e.contact.Attempts, e.attempts)
		}
		return ""
	case "REFUSED":
		if right, known := map[string]bool{"DO_NOT_CALL": e.listed, "ZONE_UNKNOWN": e.zoneless, "CAMPAIGN": e.completed, "STOPPED": e.stopped}[reason]; !known || !right {
			return fmt.Sprintf("it is REFUSED %q, and is not", reason)
		}
		return ""
	}
	return "it is " + e.contact.State + " at the end"
}

func TestEndThatIsWrongIsReported(t *testing.T) {
	answered := []simulator.Truth{{Status: "completed", Consent: simulator.ConsentYes}}
	unheard := []simulator.Truth{{Status: "no-answer"}}
	contact := func(state, reason string, attempts int) e2e.Contact {
		return e2e.Contact{State: state, Reason: &reason, Attempts: attempts}
	}
	for _, test := range []struct {
		name  string
		end   ended
		right bool
	}{
		{"reached", ended{contact: contact("REACHED", "", 1), calls: answered, attempts: 1}, true},
		{"reached by nobody", ended{contact: contact("REACHED", "", 1), calls: unheard, attempts: 1}, false},
		{"exhausted", ended{contact: contact("EXHAUSTED", "", 1), calls: unheard, attempts: 1}, true},
		{"exhausted too early", ended{contact: contact("EXHAUSTED", "", 1), calls: unheard, attempts: 3}, false},
		{"exhausted, though somebody spoke", ended{contact: contact("EXHAUSTED", "", 1), calls: answered, attempts: 1}, false},
		{"called once too often", ended{contact: contact("EXHAUSTED", "", 2), calls: append(unheard, unheard...), attempts: 1}, false},
		{"a call that is not counted", ended{contact: contact("EXHAUSTED", "", 1), calls: append(unheard, unheard...), attempts: 2}, false},
		{"listed", ended{contact: contact("REFUSED", "DO_NOT_CALL", 0), attempts: 1, listed: true}, true},
		{"not listed", ended{contact: contact("REFUSED", "DO_NOT_CALL", 0), attempts: 1}, false},
		{"nowhere", ended{contact: contact("REFUSED", "ZONE_UNKNOWN", 0), attempts: 1, zoneless: true}, true},
		{"somewhere", ended{contact: contact("REFUSED", "ZONE_UNKNOWN", 0), attempts: 1}, false},
		{"of a campaign that goes on", ended{contact: contact("REFUSED", "CAMPAIGN", 0), attempts: 1}, false},
		{"refused without a name", ended{contact: contact("REFUSED", "", 0), attempts: 1, listed: true}, false},
		{"waiting", ended{contact: contact("WAITING", "", 0), attempts: 1}, false},
		{"calling", ended{contact: contact("CALLING", "", 1), attempts: 1}, false},
	} {
		if fault := test.end.fault(); fault == "" != test.right {
			t.Errorf("%s: %q", test.name, fault)
		}
	}
}
