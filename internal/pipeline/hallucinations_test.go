package pipeline

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/openai"
)

// spoken is a segment that Whisper is sure of.
func spoken(start, end float64, text string) openai.Segment {
	return openai.Segment{Start: start, End: end, Text: text, NoSpeechProb: 0.02, AvgLogprob: -0.2, CompressionRatio: 1.1}
}

// inTurn puts texts one after another, with pauses between them.
func inTurn(pause float64, texts ...string) []openai.Segment {
	var out []openai.Segment
	at := 0.0
	for _, text := range texts {
		out = append(out, spoken(at, at+1, text))
		at += 1 + pause
	}
	return out
}

func repeat(n int, texts ...string) []string {
	var out []string
	for range n {
		out = append(out, texts...)
	}
	return out
}

// What a person may say must stay, also when it sounds like what models invent.
func TestWhatPeopleSayIsKept(t *testing.T) {
	for name, segments := range map[string][]openai.Segment{
		"no, four times":           {spoken(0, 2, "No, no, no, no.")},
		"yes, twice":               {spoken(0, 2, "Yes. Yes.")},
		"very":                     {spoken(0, 3, "It is very, very, very, very, very good.")},
		"the same to each":         inTurn(6, repeat(8, "I don't know.")...),
		"no to each":               inTurn(4, repeat(20, "No.")...),
		"a phone number":           {spoken(0, 3, "five five five five five five five one two")},
		"twice the sentence":       inTurn(0, repeat(2, "We pay five dollars a case.")...),
		"thanks without other":     {spoken(0, 2, "Thank you for watching the shop while I was away.")},
		"a goodbye":                {spoken(0, 2, "Thank you for watching!")},
		"a doubtful word":          {{Start: 0, End: 1, Text: "Fine.", NoSpeechProb: 0.8, AvgLogprob: -0.2}},
		"a doubtful word, another": {{Start: 0, End: 1, Text: "Forty.", NoSpeechProb: 0.5, AvgLogprob: -1.6}},
		"no figures":               {{Start: 0, End: 1, Text: "Forty."}},
		"a list":                   {spoken(0, 9, "five dollars for the small one, five dollars for the large one, five dollars for the blue one")},
	} {
		said, dropped := dropHallucinations(segments, nil)
		if len(said) != len(segments) || len(dropped) != 0 {
			t.Errorf("%s: dropped %+v", name, dropped)
		}
	}
}

func TestRepetitionsOfOnePhraseAreDropped(t *testing.T) {
	for name, test := range map[string]struct {
		segments []openai.Segment
		rest     string
	}{
		"segments":          {inTurn(0, repeat(15, "Thank you.")...), ""},
		"long segments":     {inTurn(0, repeat(5, "We pay five dollars a case.")...), ""},
		"two in turn":       {inTurn(0, repeat(6, "I'm sorry.", "It's five.")...), ""},
		"after real words":  {append(inTurn(0, "Forty a week."), inTurn(0, repeat(12, "Okay.")...)...), "Forty a week."},
		"inside":            {[]openai.Segment{spoken(0, 30, strings.Repeat("I'm going to go. ", 30))}, ""},
		"inside, cut off":   {[]openai.Segment{spoken(0, 30, "Forty. "+strings.Repeat("The price is high, ", 10)+"the price")}, "Forty."},
		"inside, one word":  {[]openai.Segment{spoken(0, 30, "We sell "+strings.Repeat("the ", 50)+"best")}, "We sell best"},
		"with punctuation":  {[]openai.Segment{spoken(0, 30, strings.Repeat("So, yes; ", 10))}, ""},
		"many words, often": {[]openai.Segment{spoken(0, 30, strings.Repeat("one two three four five six seven eight nine ten ", 4))}, ""},
	} {
		said, dropped := dropHallucinations(test.segments, nil)
		if got := strings.TrimSpace(joined(said)); got != test.rest || len(dropped) == 0 {
			t.Errorf("%s: left %q, dropped %+v", name, got, dropped)
		}
		for _, d := range dropped {
			if d.reason != interview.DropRepetition {
				t.Errorf("%s: %+v", name, d)
			}
		}
	}
}

// Models are not exact with times: what was said must not be dropped for that.
func TestSegmentBesideItsSoundIsKept(t *testing.T) {
	l := measured(t, sampled(t, 30, func(at float64) float64 {
		if at >= 5 && at < 6 || at >= 20 && at < 22 {
			return speaking(-20)(at-float64(int(at))) + 0.1*hissAt(at)
		}
		return 0
	}))
	for name, test := range map[string]struct {
		segments []openai.Segment
		dropped  int
	}{
		"early":             {[]openai.Segment{spoken(4, 4.9, "Forty.")}, 0},
		"late":              {[]openai.Segment{spoken(6.1, 7, "Forty.")}, 0},
		"no length":         {[]openai.Segment{spoken(5.5, 5.5, "Forty.")}, 0},
		"far too long":      {[]openai.Segment{spoken(0, 18, "Forty.")}, 0},
		"nowhere near":      {[]openai.Segment{spoken(9, 12, "Forty.")}, 1},
		"after the sound":   {[]openai.Segment{spoken(5, 6, "Forty."), spoken(6, 9, "Thank you for watching!")}, 1},
		"before the sound":  {[]openai.Segment{spoken(17, 20, "Thanks for watching!"), spoken(20, 22, "We pay five.")}, 1},
		"a sliver of sound": {[]openai.Segment{spoken(5, 6, "Forty."), spoken(5.9, 9, "Thank you for watching and see you next time!")}, 1},
		"beyond the end":    {[]openai.Segment{spoken(40, 42, "Goodbye.")}, 1},
	} {
		if _, dropped := dropHallucinations(test.segments, &l); len(dropped) != test.dropped {
			t.Errorf("%s: dropped %+v", name, dropped)
		}
	}
}

func hissAt(at float64) float64 { return at*7919 - float64(int(at*7919)) - 0.5 }
