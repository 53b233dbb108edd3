package interview

import (
	"strings"
	"testing"
)

func TestPassageHoldsTheUtteranceAndTheQuestion(t *testing.T) {
	claim := func(quote string, at float64) Claim { return Claim{RawText: quote, StartSec: at} }
	for _, test := range []struct {
		claim Claim
		want  Passage
	}{
		{claim("Yes", 21), Passage{"Do you like it?", SpeakerCallee, "", "Yes", "."}},
		{claim("Yes", 17), Passage{"How many do you sell a week?", SpeakerCallee, "Um, forty, uh, cases a week. ", "Yes", "."}},
		{claim("we never run out of it", 9), Passage{"What do you pay for a case?", SpeakerCallee,
			"We pay about twelve dollars fifty a case. Not more than that, and ", "we never run out of it", "."}},
		{claim("we pay about twelve dollars fifty a case", 3), Passage{"What do you pay for a case?", SpeakerCallee, "",
			"We pay about twelve dollars fifty a case", ". Not more than that, and we never run out of it."}},
		{claim("What do you pay for a case", 0), Passage{Quote: "What do you pay for a case"}}, // our own words are no quote
		{claim("erased meanwhile", 3), Passage{Quote: "erased meanwhile"}},
	} {
		if got := PassageOf(test.claim, shelf()); got != test.want {
			t.Errorf("%q: %+v", test.claim.RawText, got)
		}
	}
}

func TestPassageHoldsNoPhoneNumberAndIsBounded(t *testing.T) {
	long := strings.Repeat("nothing of interest ", 500)
	said := []Utterance{
		{Speaker: SpeakerAgent, Text: long + "What does it cost?", EndSec: 1},
		{Speaker: SpeakerCallee, Text: long + "Call 555-123-4567. It costs five dollars. Or +1 555 123 4567. " + long, StartSec: 1, EndSec: 9},
	}
	p := PassageOf(Claim{RawText: "It costs five dollars", StartSec: 4}, said)
	all := p.Question + p.Before + p.Quote + p.After
	if p.Quote != "It costs five dollars" || !strings.HasSuffix(p.Question, "What does it cost?") || strings.Contains(all, "555") || len(all) > 3100 {
		t.Errorf("%d bytes: %+v", len(all), p)
	}
}
