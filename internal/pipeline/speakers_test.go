package pipeline

import (
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

func TestOurChannelIsFoundByItsWords(t *testing.T) {
	said := interview.Script{CampaignName: "Oat milk", Questions: []string{
		"How many cases of oat milk do you sell in a week?", "Did you run out of stock last month?",
	}}.Recorded()
	const (
		agent    = "agent callee"
		other    = "callee agent"
		nobody   = "unknown unknown"
		all      = "Thank you. This call is now being recorded. Please answer each question after you hear it. You can hang up at any time. How many cases of oat milk do you sell in a week? Did you run out of stock last month? Those were all our questions. Thank you for your time. Goodbye."
		misheard = "thank you this call has now been recorded please answer each question after you here it how many cases of oatmeal do you sell in a week did you run out of stock last month"
	)
	for name, test := range map[string]struct {
		first, second string
		said          []string
		want          string
	}{
		"ours first":              {all, "About forty. No, never.", said, agent},
		"ours second":             {"About forty. No, never.", all, said, other},
		"misheard":                {"Forty, I think.", misheard, said, other},
		"case and punctuation":    {"THANK YOU! THIS CALL IS NOW BEING RECORDED...", "ok", said, agent},
		"other side silent":       {"", all, said, other},
		"question repeated":       {"How many cases of oat milk do you sell in a week? You mean in a week? About forty cases I would say.", all, said, other},
		"hung up at once":         {"Thank you. This call is now being recorded.", "oh no thanks", said, agent},
		"both silent":             {"", "", said, nobody},
		"the same on both":        {all, all, said, nobody},
		"words of neither":        {"something else entirely went on here", "and here it was something else again", said, nobody},
		"we said nothing we know": {all, "forty", nil, nobody},
		"a shared phrase":         {"thank you", "goodbye", said, nobody},
	} {
		got := assignSpeakers([2]string{test.first, test.second}, test.said)
		if s := string(got[0]) + " " + string(got[1]); s != test.want {
			t.Errorf("%s: %s, want %s", name, s, test.want)
		}
	}
}
