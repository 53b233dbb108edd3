package outside

import (
	"testing"

	"github.com/i-agent/iagent/simulator"
)

// truth is a call whose person agreed and said one thing.
var truth = simulator.Truth{Status: "no-answer", Consent: simulator.ConsentYes,
	Recordings: []simulator.RecordingTruth{{Person: []string{"two dollars"}}}}

func TestJudgeOverlooksWhatIsLostOrDoubled(t *testing.T) {
	yes, no := true, false
	sound := func() Call {
		c := Call{Status: "NO_ANSWER", ConsentGiven: &yes}
		c.Recordings = append(c.Recordings, struct {
			Sid    string `json:"sid"`
			Status string `json:"status"`
		}{Sid: "RE1"})
		c.Utterances = append(c.Utterances, struct {
			Speaker string `json:"speaker"`
			Text    string `json:"text"`
		}{"callee", "two dollars"})
		return c
	}
	if faults := sound().Against(truth); len(faults) > 0 {
		t.Errorf("a sound call: %v", faults)
	}
	for rule, spoil := range map[string]func(*Call){
		"status":     func(c *Call) { c.Status = "IN_PROGRESS" },
		"consent":    func(c *Call) { c.ConsentGiven = &no },
		"recordings": func(c *Call) { c.Recordings = append(c.Recordings, c.Recordings[0]) },
		"transcript": func(c *Call) { c.Utterances = append(c.Utterances, c.Utterances[0]) },
	} {
		c := sound()
		spoil(&c)
		doubled := rule == "recordings" || rule == "transcript"
		if faults := c.Against(truth); len(faults) != 1 || faults[0].Rule != rule || faults[0].Doubled != doubled {
			t.Errorf("%s: %v", rule, faults)
		}
	}
}
