package interview

import (
	"slices"
	"strings"
	"testing"
)

func TestNothingBlankIsSpoken(t *testing.T) {
	for _, s := range []Script{
		{}, {Category: " "}, {CampaignName: "Cold brew"}, {Category: "coffee", CampaignName: "Cold brew"},
		{Questions: []string{" ", "", "\n"}}, {Questions: []string{" Why? ", ""}},
	} {
		for _, words := range append(s.Recorded(), s.Greeting(), s.ConsentQuestion(), s.ConsentAgain(), s.Declined(), s.NotUnderstood(), s.Ended()) {
			if strings.TrimSpace(words) != words || words == "" || strings.Contains(words, "about .") || strings.Contains(words, "about ?") {
				t.Errorf("%+v says %q", s, words)
			}
		}
	}
	if asks := (Script{Questions: []string{" Why? ", "", "How?"}}).Asks(); !slices.Equal(asks, []string{"Why?", "How?"}) {
		t.Errorf("asks %q", asks)
	}
}

// A loudspeaker on their side must not answer for the person.
func TestOurOwnQuestionIsNoAnswer(t *testing.T) {
	for _, words := range []string{Script{}.Greeting(), Script{}.ConsentQuestion(), Script{}.ConsentAgain(), Script{}.Thanks()} {
		if got := (ConsentAnswer{Speech: words}).Meaning(); got == AnswerYes {
			t.Errorf("hearing ourselves say %q is a %s", words, got)
		}
	}
}

func TestLanguageCodeIsWhatSpeechToTextTakes(t *testing.T) {
	for tag, want := range map[string]string{"": "en", "en-US": "en", "fr-CA": "fr", "zh-Hant-TW": "zh", "DE": "de", "fil": "", "fil-PH": ""} {
		if got := (Script{Language: tag}).LanguageCode(); got != want {
			t.Errorf("%q has the code %q, want %q", tag, got, want)
		}
	}
}
