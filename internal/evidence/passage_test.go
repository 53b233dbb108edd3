package evidence

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

func TestPassageHoldsTheUtteranceAndTheQuestion(t *testing.T) {
	claim := func(quote string, at float64) interview.Claim { return interview.Claim{RawText: quote, StartSec: at} }
	passage := func(question, before, quote, after string) interview.Passage {
		return interview.Passage{Question: question, Speaker: interview.SpeakerCallee, Before: before, Quote: quote, After: after}
	}
	for _, test := range []struct {
		claim interview.Claim
		want  interview.Passage
	}{
		{claim("Yes", 21), passage("Do you like it?", "", "Yes", ".")},
		{claim("Yes", 17), passage("How many do you sell a week?", "Um, forty, uh, cases a week. ", "Yes", ".")},
		{claim("we never run out of it", 9), passage("What do you pay for a case?",
			"We pay about twelve dollars fifty a case. Not more than that, and ", "we never run out of it", ".")},
		{claim("we pay about twelve dollars fifty a case", 3), passage("What do you pay for a case?", "",
			"We pay about twelve dollars fifty a case", ". Not more than that, and we never run out of it.")},
		{claim("What do you pay for a case", 0), interview.Passage{Quote: "What do you pay for a case"}}, // our own words are no quote
		{claim("erased meanwhile", 3), interview.Passage{Quote: "erased meanwhile"}},
	} {
		if got := PassageOf(test.claim, shelf()); got != test.want {
			t.Errorf("%q: %+v", test.claim.RawText, got)
		}
	}
}

func TestPassageHoldsNoPhoneNumberAndIsBounded(t *testing.T) {
	long := strings.Repeat("nothing of interest ", 500)
	said := []interview.Utterance{
		{Speaker: interview.SpeakerAgent, Text: long + "What does it cost?", EndSec: 1},
		{Speaker: interview.SpeakerCallee, Text: long + "Call 555-123-4567. It costs five dollars. Or +1 555 123 4567. " + long, StartSec: 1, EndSec: 9},
	}
	p := PassageOf(interview.Claim{RawText: "It costs five dollars", StartSec: 4}, said)
	all := p.Question + p.Before + p.Quote + p.After
	if p.Quote != "It costs five dollars" || !strings.HasSuffix(p.Question, "What does it cost?") || strings.Contains(all, "555") || len(all) > 3100 {
		t.Errorf("%d bytes: %+v", len(all), p)
	}
}
