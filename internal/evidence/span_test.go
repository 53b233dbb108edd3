package evidence_test

import (
	"reflect"
	"testing"

	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/internal/interview"
)

func TestSpansAreTheWordsOfTheQuoteInEachUtterance(t *testing.T) {
	said := []interview.Utterance{
		{Speaker: interview.SpeakerAgent, Text: "How many do you sell?"},
		{Speaker: interview.SpeakerCallee, Text: "Well, we sell about"},
		{Speaker: interview.SpeakerCallee, Text: "forty cases a week. Maybe."},
	}
	quote, found := evidence.FindQuote("we sell about forty cases a week", said, -1)
	if !found {
		t.Fatal("not found")
	}
	want := []evidence.Span{{Utterance: 1, Start: 6, End: 19}, {Utterance: 2, Start: 0, End: 18}}
	if got := quote.Spans(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}
