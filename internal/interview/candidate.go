package interview

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Candidate is a claim as a model made it. Nothing in it is believed.
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
func CheckClaims(candidates []Candidate, e Extraction) []Claim {
	claims := make([]Claim, 0, len(candidates))
	for _, c := range candidates {
		claim := CheckClaim(c, e)
		for _, earlier := range claims {
			if claim.Rejected == "" && earlier.Rejected == "" && claim.repeats(earlier) {
				claim.reject("this was claimed before with the same words")
			}
		}
		claims = append(claims, claim)
	}
	return claims
}

// CheckClaim checks a candidate against what was said (the same text that the model saw) and asked. Its times and its
// unit come from the words found, never from the model.
func CheckClaim(c Candidate, e Extraction) Claim {
	claim := Claim{
		CallID: e.Call.ID, RecordingSid: e.Recording.Sid, Unit: UnitNone,
		ValueText: bounded(c.ValueText, 500), SkuID: bounded(c.SkuID, 100), GeoCode: bounded(c.GeoCode, 100),
		Text: bounded(c.Text, 1000), RawText: bounded(c.Quote, 2000), Supports: c.Supports,
	}
	if reason := claim.check(c, e); reason != "" {
		claim.reject(reason)
	}
	return claim
}

func (c *Claim) reject(reason string) {
	c.Rejected, c.StartSec, c.EndSec, c.EvidenceURL = reason, 0, 0, ""
}

// check fills the claim and returns why it is no evidence, "" if it is. It goes on after a fault as long as it can, so
// that a rejected claim shows what it was about, and returns the first reason.
func (c *Claim) check(from Candidate, e Extraction) string {
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
		fault("hypothesis %q is not one of this campaign", bounded(from.HypothesisID, 60))
	}
	var ok bool
	if c.Field, ok = ParseField(from.Field); !ok {
		c.Field = FieldOther
		fault("field %q is unknown", bounded(from.Field, 60))
	}
	if reason := c.trust(from.Confidence); reason != "" {
		fault("%s", reason)
	}
	quote, reason := proof(from, e)
	if reason == "" {
		quote, reason = quote.whole(c.Field)
	}
	if reason != "" {
		fault("%s", reason)
	} else {
		c.RawText, c.StartSec, c.EndSec = quote.Text, quote.StartSec, quote.EndSec
		c.EvidenceURL = EvidenceURL(e.Recording.URL, c.StartSec, c.EndSec)
	}
	if reason := c.measure(from, quote, reason == ""); reason != "" {
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

// trust takes over the confidence.
func (c *Claim) trust(confidence *float64) string {
	c.LowConfidence = true
	if confidence == nil {
		return ""
	}
	if !(*confidence >= 0 && *confidence <= 1) {
		return fmt.Sprintf("confidence %v is not between 0 and 1", *confidence)
	}
	c.Confidence = *confidence
	c.LowConfidence = c.Confidence < MinConfidence
	return ""
}

// proof finds the words that prove a claim. Our own are none, also where the speakers are not known.
func proof(from Candidate, e Extraction) (Quote, string) {
	if strings.TrimSpace(from.Quote) == "" {
		return Quote{}, "there is no quote"
	}
	quote, found := FindQuote(from.Quote, spokenByThem(e.Utterances), from.Utterance)
	if !found {
		if _, ours := FindQuote(from.Quote, e.Utterances, from.Utterance); ours {
			return Quote{}, "the quote is what we said ourselves"
		}
		return Quote{}, "the quote was not said"
	}
	if quote.Speaker == SpeakerUnknown && ourWords(quote.Text, e.Said) {
		return Quote{}, "the quote is what we said ourselves"
	}
	return quote, ""
}

// spokenByThem are the utterances without our words.
func spokenByThem(utterances []Utterance) []Utterance {
	all := slices.Clone(utterances)
	for i, u := range all {
		if u.Speaker == SpeakerAgent {
			all[i].Text = "" // it still stands between what others said
		}
	}
	return all
}

// ourWords reports that our script has these words. Up to two words anybody may say.
func ourWords(quote string, said []string) bool {
	if len(spoken(tokens(quote))) <= 2 {
		return false
	}
	for _, line := range said {
		if _, found := FindQuote(quote, []Utterance{{Speaker: SpeakerAgent, Text: line}}, -1); found {
			return true
		}
	}
	return false
}

// measure settles number, unit and text of the value.
func (c *Claim) measure(from Candidate, quote Quote, proven bool) string {
	number, asked := from.ValueNumber, from.Unit
	if number == nil {
		// A value in words that is nothing but a measure is a number: "$1,200".
		if whole := Measures(from.ValueText); len(whole) == 1 && !whole[0].Range && wholeText(from.ValueText, whole[0]) {
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
	said, ok := quote.says(*number)
	switch {
	case !ok && *number == 0 && quote.denies():
	case !ok:
		return fmt.Sprintf("the number %v is not in the quote", *number)
	case said.Range:
		c.ValueNumber, c.Unit, c.ValueText = nil, UnitNone, quote.words(said, c.ValueText)
		return ""
	case said.Unit == UnitNone:
		// Said per year, say: the contract has no unit for it, and another unit would be wrong.
		c.ValueNumber, c.Unit, c.ValueText = nil, UnitNone, quote.words(said, c.ValueText)
		return ""
	case said.Unit != "":
		c.Unit, known = said.Unit, true
	}
	if words, governed := quote.governed(said, c.Field); ok && governed {
		c.ValueNumber, c.Unit, c.ValueText = nil, UnitNone, bounded(words, 500)
		return ""
	}
	if !known {
		return fmt.Sprintf("unit %q is unknown", bounded(from.Unit, 60))
	}
	if c.Unit == UnitNone || c.Unit == "" {
		return "a number needs a unit"
	}
	if c.ValueText == "" {
		c.ValueText = quote.words(said, "")
	}
	return ""
}

// says finds the measure among a quote's that has this number, also a range that it lies in.
func (q Quote) says(number float64) (Measure, bool) {
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
	for _, t := range tokens(q.Text) {
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

// repeats reports that two claims of a recording are the same one.
func (c Claim) repeats(d Claim) bool {
	same := c.ValueNumber == nil && d.ValueNumber == nil ||
		c.ValueNumber != nil && d.ValueNumber != nil && equal(*c.ValueNumber, *d.ValueNumber)
	return same && c.HypothesisID == d.HypothesisID && c.Field == d.Field && c.StartSec == d.StartSec && c.EndSec == d.EndSec &&
		c.RawText == d.RawText && c.ValueText == d.ValueText && c.SkuID == d.SkuID && c.GeoCode == d.GeoCode
}

// bounded cuts a model's text to a length in bytes that a database row should have.
func bounded(s string, most int) string {
	s = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), ""))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
