package evidence

import (
	"fmt"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

func TestReasonNamesTheModifyingWords(t *testing.T) {
	for said, want := range map[string]string{
		"We never sold out.":                        `the quote leaves out "never", by which it is negated`,
		"If it sold out we would know.":             `the quote leaves out "If", by which it is made conditional`,
		"I doubt that it sold out.":                 `the quote leaves out "doubt", by which it is doubted`,
		"Who says it sold out?":                     `the quote leaves out "Who", by which it is asked`,
		"My cousin's shop sold out.":                `the quote leaves out "My cousin's", by which it is said of others`,
		"They told us it sold out.":                 `the quote leaves out "They told", by which it is attributed to others`,
		"We used to be sold out.":                   `the quote leaves out "used to", by which it is put in the past`,
		"It sold out. Scratch that.":                `the quote leaves out "Scratch that", by which it is taken back`,
		"We almost sold out.":                       `the quote leaves out "almost", by which it is compared`,
		"It sold out, but that is wrong. It never.": `the quote leaves out "but that is wrong", by which it is taken back`,
	} {
		if claim := claimOf(said, "sold out"); claim.Rejected != want {
			t.Errorf("%q: %q, want %q", said, claim.Rejected, want)
		}
	}
}

func TestHedgesAreAddedToTheQuote(t *testing.T) {
	for said, want := range map[string]string{
		"We sell, hm, about five cases a week.":     "about five cases a week",
		"Maybe five cases a week, or so.":           "Maybe five cases a week, or so",
		"Some five cases a week on average.":        "Some five cases a week on average",
		"We sell between five and six cases.":       "between five and six cases",
		"When it is warm we sell five cases a day.": "When it is warm we sell five cases a day",
	} {
		quote := want[strings.Index(want, "five"):]
		quote = strings.TrimSuffix(strings.TrimSuffix(quote, ", or so"), " on average")
		if strings.Contains(said, "between") {
			quote = "six cases"
		}
		claim := claimOf(said, quote)
		if claim.Rejected != "" || claim.RawText != want || claim.EndSec <= claim.StartSec {
			t.Errorf("%q: %q, %q, %v to %v", said, claim.RawText, claim.Rejected, claim.StartSec, claim.EndSec)
		}
	}
}

func TestModifiedNumberIsNoPlainValue(t *testing.T) {
	for said, want := range map[string]string{ // "": the number is the value
		"It costs ten dollars.":                             "",
		"It costs about ten dollars.":                       "",
		"We never run out, it costs ten dollars.":           "",
		"It isn't cheap, it costs ten dollars.":             "",
		"We never paid more than ten dollars.":              "never paid more than ten dollars",
		"It costs more than ten dollars.":                   "more than ten dollars",
		"It is ten dollars at most.":                        "ten dollars at most",
		"It is not ten dollars.":                            "not ten dollars",
		"Almost ten dollars.":                               "Almost ten dollars",
		"If you buy two it is ten dollars.":                 "If you buy two it is ten dollars",
		"They told us it would cost ten dollars.":           "They told us it would cost ten dollars",
		"It used to be ten dollars.":                        "used to be ten dollars",
		"I doubt that it is ten dollars.":                   "doubt that it is ten dollars",
		"That is less than ten dollars, we pay ten dollars": "less than ten dollars",
	} {
		c := good()
		c.Quote, c.ValueNumber, c.Utterance = said, num(10), -1
		claim := CheckClaim(c, interview.Extraction{Hypotheses: []interview.Hypothesis{{ID: "H1"}}, Utterances: []interview.Utterance{{Speaker: interview.SpeakerCallee, Text: said, EndSec: 3}}})
		plain := claim.ValueNumber != nil && *claim.ValueNumber == 10 && claim.Unit == interview.UnitUSD
		if claim.Rejected != "" || plain != (want == "") || want != "" && (claim.ValueText != want || claim.Unit != interview.UnitNone) {
			t.Errorf("%q: %v %s %q, rejected: %s", said, claim.ValueNumber, claim.Unit, claim.ValueText, claim.Rejected)
		}
	}
}

// The words that modify a quote may be in another utterance of the same answer.
func TestModifiersInAnotherUtteranceCount(t *testing.T) {
	for _, said := range [][]string{
		{"We did", "not", "sell out in October"},
		{"If it was cheaper,", "we would", "sell out in October."},
		{"Did we sell out in October", "or in May?"},
		{"We used to sell out in October.", "No, wait.", "That is not true."},
	} {
		e := interview.Extraction{Hypotheses: []interview.Hypothesis{{ID: "H1"}}}
		for i, text := range said {
			e.Utterances = append(e.Utterances, interview.Utterance{Speaker: interview.SpeakerCallee, Text: text, StartSec: float64(i), EndSec: float64(i + 1)})
		}
		c := good()
		c.Quote, c.ValueNumber = "sell out in October", nil
		if claim := CheckClaim(c, e); !strings.Contains(claim.Rejected, "leaves out") {
			t.Errorf("%q: %q, %q", said, claim.RawText, claim.Rejected)
		}
	}
}

// What others do is what a claim of competitive activity is about, and what they say is feedback; for other fields it is no
// evidence.
func TestWordsOfOthersCountForTheirOwnFieldsOnly(t *testing.T) {
	for _, test := range []struct{ said, quote, field, raw string }{
		{"The competitor sells it at nine dollars.", "sells it at nine dollars", "COMPETITIVE_ACTIVITY", "The competitor sells it at nine dollars"},
		{"The competitor sells it at nine dollars.", "sells it at nine dollars", "PRICE", ""},
		{"People say it is too expensive.", "it is too expensive", "CUSTOMER_FEEDBACK", "People say it is too expensive"},
		{"People say it is too expensive.", "it is too expensive", "PRICE", ""},
		{"The competitor never sold out.", "sold out", "COMPETITIVE_ACTIVITY", ""},
	} {
		c := good()
		c.Quote, c.ValueNumber, c.Field, c.Utterance = test.quote, nil, test.field, -1
		claim := CheckClaim(c, interview.Extraction{Hypotheses: []interview.Hypothesis{{ID: "H1"}}, Utterances: []interview.Utterance{{Speaker: interview.SpeakerCallee, Text: test.said, EndSec: 3}}})
		if (claim.Rejected == "") != (test.raw != "") || test.raw != "" && claim.RawText != test.raw {
			t.Errorf("%s: %q, rejected: %s", test.field, claim.RawText, claim.Rejected)
		}
	}
}

// A negation before a quoted clause rejects it, whatever was said before that sentence and after it.
func FuzzNegatedQuoteIsRejected(f *testing.F) {
	clauses := []string{"sell out in October", "pay twelve dollars a bottle", "run out of oat drink", "sell forty cases a week", "raise the price", "have five cases left",
		"get complaints about the taste", "order more than ten pallets", "carry the large one"}
	negations := []string{"We never %s", "We did not %s", "we didn't %s", "We don’t %s", "Nobody would %s", "We do not really %s", "No shop here could %s", "We hardly ever %s",
		"I don't think that we %s", "I doubt we %s", "It isn't true that we %s", "We cannot say that we %s", "None of us %s", "We no longer %s", "We failed to %s",
		"Nor did we %s", "We never, ever %s", "We did not, to be honest, %s", "In May we did not %s", "Well, we don't %s", "We are far from having to %s",
		"We have never had to %s", "It is wrong to say that we %s", "There was no week when we had to %s", "we dont %s", "In no way do we %s", "We refuse to %s"}
	for i := range negations {
		f.Add("We pay five dollars.", "That is all, thank you.", byte(i), byte(i))
	}
	f.Add("If not, why not", "No. But yes, that's right", byte(3), byte(1))
	f.Fuzz(func(t *testing.T, before, after string, negation, clause byte) {
		quote := clauses[int(clause)%len(clauses)]
		said := strings.TrimSpace(before + ". " + fmt.Sprintf(negations[int(negation)%len(negations)], quote) + ". " + after)
		for _, other := range []string{before, after, before + " " + after} {
			if _, found := FindQuote(quote, []interview.Utterance{{Text: other}}, -1); found {
				return
			}
		}
		claim := claimOf(said, quote)
		if claim.Rejected == "" {
			t.Fatalf("%q of %q stands as %q", quote, said, claim.RawText)
		}
	})
}

// Whatever is said, modifiers are words of it outside of the quote, and a quote with all of them stands.
func FuzzModifiers(f *testing.F) {
	for _, s := range []string{"We never, ever sold out, did we? No.", "$20 or more. Not", "if", "once, twice", "ten - no, eleven... dollars; that's it", "¿no? 5€, [… ], not us"} {
		f.Add(s, byte(0), byte(3))
		f.Add(s, byte(1), byte(1))
	}
	f.Fuzz(func(t *testing.T, said string, from, words byte) {
		all := turns(nil, []interview.Utterance{{Text: said, EndSec: 1}})
		if len(all) == 0 || len(all[0].words) == 0 {
			return
		}
		s := all[0]
		first := int(from) % len(s.words)
		last := min(first+int(words), len(s.words)-1)
		q := s.quote(s.words[first].start, s.words[last].end)
		for _, g := range q.Modifiers {
			if g.start < 0 || g.end > len(said) || g.start > g.end || g.start >= q.start && g.end <= q.end && g.start < g.end {
				t.Fatalf("%q in %q: %+v", q.Text, said, g)
			}
		}
		if whole, reason := q.complete(interview.FieldOther); reason == "" && len(whole.Modifiers) > 0 {
			t.Fatalf("%q in %q stands with %+v", whole.Text, said, whole.Modifiers)
		}
	})
}
