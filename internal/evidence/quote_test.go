package evidence

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// shelf is a conversation of two channels.
func shelf() []interview.Utterance {
	return []interview.Utterance{
		{Speaker: interview.SpeakerAgent, Text: "What do you pay for a case?", StartSec: 0, EndSec: 2},
		{Speaker: interview.SpeakerCallee, Text: "We pay about twelve dollars fifty a case.", StartSec: 3, EndSec: 7},
		{Speaker: interview.SpeakerCallee, Text: "Not more than that, and we never run out of it.", StartSec: 7.5, EndSec: 11.5},
		{Speaker: interview.SpeakerAgent, Text: "How many do you sell a week?", StartSec: 12, EndSec: 14},
		{Speaker: interview.SpeakerCallee, Text: "Um, forty, uh, cases a week. Yes.", StartSec: 15, EndSec: 18},
		{Speaker: interview.SpeakerAgent, Text: "Do you like it?", StartSec: 19, EndSec: 20},
		{Speaker: interview.SpeakerCallee, Text: "Yes.", StartSec: 21, EndSec: 22},
	}
}

func TestQuoteIsFoundOnlyWhereItWasSaid(t *testing.T) {
	for quote, want := range map[string]string{
		"We pay about twelve dollars fifty a case.":        "We pay about twelve dollars fifty a case",
		"WE PAY ABOUT $12.50 a case":                       "We pay about twelve dollars fifty a case",
		"pay about twelve dollars fifty a crate":           "pay about twelve dollars fifty a case", // one word in six
		"we pay about twelve dollars fifty a cose":         "We pay about twelve dollars fifty a case",
		"fifty a case not more than that and we never":     "", // cuts a number in two
		"a case. Not more than that, and we never":         "a case. Not more than that, and we never",
		"forty cases a week":                               "forty, uh, cases a week",
		"40 cases a week":                                  "forty, uh, cases a week",
		"forty cases":                                      "forty, uh, cases",
		"yes":                                              "Yes",
		"we pay about fourteen dollars a case":             "",
		"and we run out of it":                             "",
		"and we always run out of it":                      "",
		"we never run short of it":                         "we never run out of it", // one word in six
		"not less than that, and we never run out":         "",
		"that, and if we never run out of it":              "",
		"forty boxes":                                      "",
		"a week. Yes. Yes.":                                "", // somebody spoke in between
		"the delivery was late":                            "",
		"":                                                 "",
		"?!":                                               "",
		strings.Repeat("we pay about twelve dollars ", 90): "",
	} {
		got, found := FindQuote(quote, shelf(), -1)
		if found != (want != "") || got.Text != want {
			t.Errorf("%q: %q, %v; want %q", quote, got.Text, found, want)
		}
	}
}

func TestTimesOfAQuoteAreThoseOfItsWords(t *testing.T) {
	for quote, want := range map[string][2]float64{
		"We pay about twelve dollars fifty a case.": {3, 6.902},
		"fifty a case":       {},
		"a case. Not more":   {6.317, 8.181},
		"Not more than that": {7.5, 9.032},
		"Do you like it?":    {19, 19.933},
	} {
		got, _ := FindQuote(quote, shelf(), -1)
		if got.StartSec != want[0] || got.EndSec != want[1] {
			t.Errorf("%q: %v to %v, want %v", quote, got.StartSec, got.EndSec, want)
		}
	}
	near, _ := FindQuote("yes", shelf(), 6)
	if near.StartSec != 21 {
		t.Errorf("the yes at 21 s was found at %v", near.StartSec)
	}
	far, _ := FindQuote("yes", shelf(), 99)
	if far.StartSec < 15 || far.EndSec > 18 {
		t.Errorf("the first yes was found at %v", far.StartSec)
	}
}

func TestQuoteIsFoundInATranscriptWithoutTimes(t *testing.T) {
	for _, u := range []interview.Utterance{{Text: "We pay 5 dollars"}, {Text: "We pay 5 dollars", StartSec: 9, EndSec: 3}} {
		got, found := FindQuote("5 dollars", []interview.Utterance{u}, 0)
		if !found || got.EndSec < got.StartSec || got.StartSec != u.StartSec {
			t.Errorf("%+v, %v", got, found)
		}
	}
}

func FuzzFindQuote(f *testing.F) {
	f.Add("we pay 12", "we pay twelve dollars fifty", "a case")
	f.Add("$", "€5", "per cent")
	f.Add("no 5", "-5 ... no", "oh oh five")
	f.Add("$", "0", "cent")
	f.Add("$", "$20", "$")
	f.Fuzz(func(t *testing.T, quote, first, second string) {
		utterances := []interview.Utterance{
			{Speaker: interview.SpeakerCallee, Text: first, StartSec: 1, EndSec: 2},
			{Speaker: interview.SpeakerCallee, Text: second, StartSec: 3, EndSec: 4},
		}
		got, found := FindQuote(quote, utterances, 1)
		if !found {
			return
		}
		if got.StartSec < 1 || got.EndSec > 4 || got.EndSec < got.StartSec {
			t.Fatalf("%q at %v to %v", got.Text, got.StartSec, got.EndSec)
		}
		if !strings.Contains(first+" "+second, got.Text) {
			t.Fatalf("%q was not said", got.Text)
		}
		if _, self := FindQuote(got.Text, utterances, -1); !self && len(tokens(got.Text)) <= maxQuote {
			t.Fatalf("%q does not find itself in %q %q", got.Text, first, second)
		}
	})
}
