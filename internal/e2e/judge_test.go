package e2e_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/simulator"
)

// truth is a call whose person agreed and said one thing.
var truth = simulator.Truth{CallSid: "CA1", Status: "no-answer", Consent: simulator.ConsentYes,
	Recordings: []simulator.RecordingTruth{{Person: []string{"two dollars"}}}}

func TestJudgeNamesEachThingThatIsLostOrDoubled(t *testing.T) {
	yes, no := true, false
	sound := func() e2e.Call {
		c := e2e.Call{Status: "NO_ANSWER", TwilioSid: "CA1", ConsentGiven: &yes}
		c.Recordings = append(c.Recordings, struct {
			Sid    string `json:"sid"`
			Status string `json:"status"`
		}{Sid: "RE1"})
		c.Utterances = append(c.Utterances, e2e.Utterance{Speaker: "callee", Text: "two dollars"})
		return c
	}
	if faults := sound().Against(truth); len(faults) > 0 {
		t.Errorf("a sound call: %v", faults)
	}
	for rule, spoil := range map[string]func(*e2e.Call){
		"status":     func(c *e2e.Call) { c.Status = "IN_PROGRESS" },
		"sid":        func(c *e2e.Call) { c.TwilioSid = "CA2" },
		"consent":    func(c *e2e.Call) { c.ConsentGiven = &no },
		"recordings": func(c *e2e.Call) { c.Recordings = append(c.Recordings, c.Recordings[0]) },
		"transcript": func(c *e2e.Call) { c.Utterances = append(c.Utterances, c.Utterances[0]) },
	} {
		c := sound()
		spoil(&c)
		doubled := rule == "recordings" || rule == "transcript"
		if faults := c.Against(truth); len(faults) != 1 || faults[0].Rule != rule || faults[0].Doubled != doubled {
			t.Errorf("%s: %v", rule, faults)
		}
	}
}
