package evidence_test

import (
	"slices"
	"testing"

	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/internal/interview"
)

func TestWordsOfAQuoteThatNobodySaidAreNamed(t *testing.T) {
	said := []interview.Utterance{
		{Speaker: interview.SpeakerAgent, Text: "How many hundreds do you sell?"},
		{Speaker: interview.SpeakerCallee, Text: "Well, we sell about forty cases a week."},
	}
	for quote, want := range map[string][]string{
		"we sell hundreds of them, hundreds": {"hundreds", "of", "them"},
		"About 40 cases a week":              nil,
		"a week, we sell":                    nil,
		"we sell about 50 case":              {"50"},
		"uh, we":                             nil,
		"":                                   nil,
	} {
		if got := evidence.Unsaid(quote, said); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", quote, got, want)
		}
	}
}
