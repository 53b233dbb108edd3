package evidence

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// Candidate is a claim as a model made it. Nothing in it is taken as true before it is checked.
type Candidate struct {
	HypothesisID string
	Field        string
	// ValueNumber is nil when the model gave none.
	ValueNumber *float64
	ValueText   string
	Unit        string
	SkuID       string
	GeoCode     string
	// Text is the claim in a sentence.
	Text string
	// Quote is what the model says was said.
	Quote string
	// Utterance is the index of the utterance in which the quote begins, -1 when the model did not say. It only decides
	// between places that are equally good.
	Utterance int
	// Confidence is nil when the model gave none, which counts as 0.
	Confidence *float64
	Supports   *bool
	// Unreadable is the reason why the model's claim could not be read at all; the other fields are then what could be.
	Unreadable string
}

// CheckClaims makes claims of candidates. None is lost: one that fails has its reason in Rejected, and takes no other
// with it.
func CheckClaims(candidates []Candidate, e interview.Extraction) []interview.Claim {
	claims := make([]interview.Claim, 0, len(candidates))
	for _, c := range candidates {
		claim := CheckClaim(c, e)
		for _, earlier := range claims {
			if claim.Rejected == "" && earlier.Rejected == "" && same(claim, earlier) {
				claim = rejected(claim, "this was claimed before with the same words")
			}
		}
		claims = append(claims, claim)
	}
	return claims
}

// CheckClaim checks a candidate against what was said (the same text that the model saw) and asked. Its times and its
// unit come from the words found, never from the model.
func CheckClaim(c Candidate, e interview.Extraction) interview.Claim {
	claim := draft{interview.Claim{
		CallID: e.Call.ID, RecordingSid: e.Recording.Sid, Unit: interview.UnitNone,
		ValueText: interview.Bounded(c.ValueText, 500), SkuID: interview.Bounded(c.SkuID, 100), GeoCode: interview.Bounded(c.GeoCode, 100),
		Text: interview.Bounded(c.Text, 1000), RawText: interview.Bounded(c.Quote, 2000), Supports: c.Supports,
	}}
	if reason := claim.check(c, e); reason != "" {
		return rejected(claim.Claim, reason)
	}
	return claim.Claim
}

// draft is a claim while it is checked.
type draft struct{ interview.Claim }

func rejected(c interview.Claim, reason string) interview.Claim {
	c.Rejected, c.StartSec, c.EndSec, c.EvidenceURL = reason, 0, 0, ""
	return c
}

// check fills the claim and returns why it is no evidence, "" if it is. It goes on after a fault as long as it can, so
// that a rejected claim shows what it was about, and returns the first reason.
func (c *draft) check(from Candidate, e interview.Extraction) string {
	var reasons []string
	fault := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }
	if from.Unreadable != "" {
		fault("%s", from.Unreadable)
	}
	for _, h := range e.Hypotheses {
		if h.ID == strings.TrimSpace(from.HypothesisID) && h.ID != "" {
			c.HypothesisID = h.ID
		}
	}
	if c.HypothesisID == "" {
		fault("hypothesis %q is not one of this campaign", interview.Bounded(from.HypothesisID, 60))
	}
	var ok bool
	if c.Field, ok = interview.ParseField(from.Field); !ok {
		c.Field = interview.FieldOther
		fault("field %q is unknown", interview.Bounded(from.Field, 60))
	}
	if reason := c.takeConfidence(from.Confidence); reason != "" {
		fault("%s", reason)
	}
	quote, reason := locate(from, e)
	if reason == "" {
		quote, reason = quote.complete(c.Field)
	}
	if reason != "" {
		fault("%s", reason)
	} else {
		c.RawText, c.StartSec, c.EndSec = quote.Text, quote.StartSec, quote.EndSec
		c.EvidenceURL = interview.EvidenceURL(e.Recording.URL, c.StartSec, c.EndSec)
	}
	if reason := c.measure(from, quote, reason == "", languageOf(e)); reason != "" {
		fault("%s", reason)
	}
	if c.Text == "" {
		c.Text = c.RawText
	}
	if len(reasons) > 0 {
		return reasons[0]
	}
	return ""
}

// takeConfidence takes over the confidence.
func (c *draft) takeConfidence(confidence *float64) string {
	c.LowConfidence = true
	if confidence == nil {
		return ""
	}
	if !(*confidence >= 0 && *confidence <= 1) {
		return fmt.Sprintf("confidence %v is not between 0 and 1", *confidence)
	}
	c.Confidence = *confidence
	c.LowConfidence = c.Confidence < interview.MinConfidence
	return ""
}

// languageOf is what the person was asked in, and answers.
func languageOf(e interview.Extraction) *wordsOf { return wordsIn(e.Call.Script.Language) }

// locate finds the words that prove a claim. Our own are none, also where the speakers are not known.
func locate(from Candidate, e interview.Extraction) (Quote, string) {
	if strings.TrimSpace(from.Quote) == "" {
		return Quote{}, "there is no quote"
	}
	quote, found := findQuote(languageOf(e), from.Quote, byOthers(e.Utterances), from.Utterance)
	if !found {
		if _, ours := findQuote(languageOf(e), from.Quote, e.Utterances, from.Utterance); ours {
			return Quote{}, "the quote is what we said ourselves"
		}
		return Quote{}, "the quote was not said"
	}
	if quote.Speaker == interview.SpeakerUnknown && inScript(languageOf(e), quote.Text, e.Said) {
		return Quote{}, "the quote is what we said ourselves"
	}
	return quote, ""
}

// byOthers are the utterances without our words.
func byOthers(utterances []interview.Utterance) []interview.Utterance {
	all := slices.Clone(utterances)
	for i, u := range all {
		if u.Speaker == interview.SpeakerAgent {
			all[i].Text = "" // it still stands between what others said
		}
	}
	return all
}

// inScript reports that our script has these words. Up to two words anybody may say.
func inScript(language *wordsOf, quote string, said []string) bool {
	if len(withoutFillers(language.tokens(quote))) <= 2 {
		return false
	}
	for _, line := range said {
		if _, found := findQuote(language, quote, []interview.Utterance{{Speaker: interview.SpeakerAgent, Text: line}}, -1); found {
			return true
		}
	}
	return false
}

// measure settles number, unit and text of the value.
func (c *draft) measure(from Candidate, quote Quote, proven bool, language *wordsOf) string {
	number, asked := from.ValueNumber, from.Unit
	if number == nil {
		// A value in words that is nothing but a measure is a number: "$1,200".
		if whole := language.measures(from.ValueText); len(whole) == 1 && !whole[0].Range && wholeText(from.ValueText, whole[0]) {
			number = &whole[0].Number
			if whole[0].Unit != "" {
				asked = string(whole[0].Unit)
			}
		}
	}
	if number == nil {
		return ""
	}
	if math.IsNaN(*number) || math.IsInf(*number, 0) {
		return "the value is not a number"
	}
	c.ValueNumber = number
	unit, known := ParseUnit(asked)
	c.Unit = unit
	if !proven {
		return ""
	}
	said, ok := quote.measureOf(*number)
	switch {
	case !ok && *number == 0 && quote.denies():
	case !ok:
		return fmt.Sprintf("the number %v is not in the quote", *number)
	case said.Range:
		c.ValueNumber, c.Unit, c.ValueText = nil, interview.UnitNone, quote.words(said, c.ValueText)
		return ""
	case said.Unit == interview.UnitNone:
		// Said per year, say: the contract has no unit for it, and another unit would be wrong.
		c.ValueNumber, c.Unit, c.ValueText = nil, interview.UnitNone, quote.words(said, c.ValueText)
		return ""
	case said.Unit != "":
		c.Unit, known = said.Unit, true
	}
	if words, modified := quote.modified(said, c.Field); ok && modified {
		c.ValueNumber, c.Unit, c.ValueText = nil, interview.UnitNone, interview.Bounded(words, 500)
		return ""
	}
	if !known {
		return fmt.Sprintf("unit %q is unknown", interview.Bounded(from.Unit, 60))
	}
	if c.Unit == interview.UnitNone || c.Unit == "" {
		return "a number needs a unit"
	}
	if c.ValueText == "" {
		c.ValueText = quote.words(said, "")
	}
	return ""
}

// measureOf finds the measure among a quote's that has this number, also a range that it lies in.
func (q Quote) measureOf(number float64) (Measure, bool) {
	for _, m := range q.Measures {
		if m.Range {
			if number >= m.Number && number <= m.High {
				return m, true
			}
			continue
		}
		for _, reading := range m.Readings {
			if equal(reading, number) {
				return m, true
			}
		}
	}
	return Measure{}, false
}

// denies reports that the quote says that there is nothing: "we have none", "out of stock".
func (q Quote) denies() bool {
	for _, t := range q.in.language.tokens(q.Text) {
		if isNegation(t.word) || t.word == "empty" || t.word == "out" {
			return true
		}
	}
	return false
}

// words are those of a measure, or other when the quote does not hold all of them.
func (q Quote) words(m Measure, other string) string {
	if other != "" || m.Words == "" {
		return other
	}
	return m.Words
}

// wholeText reports that a text is a measure and nothing else.
func wholeText(text string, m Measure) bool {
	return strings.Trim(text[:m.Start]+text[m.End:], " \t.,;!?") == ""
}

// same reports that two claims of a recording are the same one.
func same(c, d interview.Claim) bool {
	value := c.ValueNumber == nil && d.ValueNumber == nil ||
		c.ValueNumber != nil && d.ValueNumber != nil && equal(*c.ValueNumber, *d.ValueNumber)
	return value && c.HypothesisID == d.HypothesisID && c.Field == d.Field && c.StartSec == d.StartSec && c.EndSec == d.EndSec &&
		c.RawText == d.RawText && c.ValueText == d.ValueText && c.SkuID == d.SkuID && c.GeoCode == d.GeoCode
}

// Answered reports whether anybody but us said anything.
func Answered(e interview.Extraction) bool {
	for _, u := range e.Utterances {
		if u.Speaker != interview.SpeakerAgent && len(tokens(u.Text)) > 0 {
			return true
		}
	}
	return false
}
