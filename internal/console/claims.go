package console

import (
	"slices"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// claimView is a claim as its card shows it.
type claimView struct {
	interview.Claim
	number   int
	question string // the hypothesis
	// explained is why it was rejected, for somebody who does not know the program.
	explained string
	// unsaid says what of a quote that was not found is nowhere in the transcript, "" where a quote was found.
	unsaid string
	// spans are where its quote is among the utterances, and around are these utterances with the quote marked. None, when it was
	// not found there.
	spans  []evidence.Span
	around []sentence
	audio  string
}

// claim makes the card of a claim. said are the utterances of the call as they are shown.
func (v speechView) claim(number int, claim interview.Claim, said []interview.Utterance, questions map[string]string) claimView {
	shown := claimView{Claim: claim, number: number, question: questions[claim.HypothesisID]}
	shown.Text, shown.ValueText, shown.RawText = v.words(claim.Text), v.words(claim.ValueText), v.words(claim.RawText)
	shown.SkuID, shown.GeoCode, shown.Rejected = v.words(claim.SkuID), v.words(claim.GeoCode), v.words(claim.Rejected)
	shown.explained = explainRejection(shown.Rejected)
	shown.spans = find(claim, said)
	for _, span := range shown.spans {
		u := said[span.Utterance]
		shown.around = append(shown.around, sentence{utterance: u, parts: marked(u.Text, []mark{{span, number}}), audio: v.heardAt(u.RecordingSid, u.StartSec)})
	}
	if len(shown.around) == 0 && shown.RawText != "" {
		shown.unsaid = unsaid(shown.RawText, claim.RecordingSid, said)
	}
	if len(shown.around) > 0 {
		shown.audio = v.heardAt(claim.RecordingSid, secondOf(shown))
	}
	return shown
}

// unsaid says which words of a quote the person never said in a recording.
func unsaid(quote, recording string, said []interview.Utterance) string {
	said = slices.DeleteFunc(slices.Clone(said), func(u interview.Utterance) bool { return u.RecordingSid != recording })
	if len(said) == 0 {
		return "No transcript of the recording is kept to compare it with."
	}
	words := evidence.Unsaid(quote, said)
	if len(words) == 0 {
		return "The person said all of these words, but not together."
	}
	for n, word := range words {
		words[n] = "“" + word + "”"
	}
	return "The person never said " + listed(words, "or") + "."
}

// listed joins words as a sentence does.
func listed(words []string, and string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + and + " " + words[last]
}

// find looks for the quote of a claim in its recording. What a model saw had no phone numbers in it: a quote that is found only there
// is marked by whole utterances.
func find(claim interview.Claim, said []interview.Utterance) []evidence.Span {
	var of []int
	var texts []interview.Utterance
	near := -1
	for n, u := range said {
		if u.RecordingSid != claim.RecordingSid {
			continue
		}
		if u.StartSec <= claim.StartSec && claim.Rejected == "" {
			near = len(texts)
		}
		of, texts = append(of, n), append(texts, u)
	}
	whole := false
	quote, found := evidence.FindQuote(claim.RawText, texts, near)
	if !found {
		quote, found = evidence.FindQuote(claim.RawText, evidence.Redacted(interview.Extraction{Utterances: texts}).Utterances, near)
		whole = true
	}
	if !found {
		return nil
	}
	spans := quote.Spans()
	for n, span := range spans {
		if whole {
			spans[n].Start, spans[n].End = 0, len(texts[span.Utterance].Text)
		}
		spans[n].Utterance = of[span.Utterance]
	}
	return spans
}

// value is the claim's value in words, "" for none.
func (c claimView) value() string {
	if c.ValueNumber == nil {
		return c.ValueText
	}
	number := strconv.FormatFloat(*c.ValueNumber, 'f', -1, 64)
	switch c.Unit {
	case interview.UnitNone:
		return number
	case interview.UnitPercent:
		return number + " %"
	case interview.UnitUSD, interview.UnitEUR, interview.UnitGBP, interview.UnitJPY:
		return number + " " + string(c.Unit)
	}
	return number + " " + inWords(string(c.Unit))
}

// inWords writes a constant such as UNITS_PER_WEEK.
func inWords(constant string) string { return strings.ToLower(strings.ReplaceAll(constant, "_", " ")) }

// stance says what the claim means for its hypothesis.
func (c claimView) stance() string {
	switch {
	case c.Rejected != "":
		return "rejected"
	case c.Supports == nil:
		return "neither for nor against the hypothesis"
	case *c.Supports:
		return "for the hypothesis"
	}
	return "against the hypothesis"
}

func (c claimView) stanceClass() string {
	switch {
	case c.Rejected != "":
		return "bad"
	case c.Supports == nil:
		return "over"
	case *c.Supports:
		return "good"
	}
	return "unsure"
}

// certainty is the model's confidence.
func (c claimView) certainty() string {
	text := strconv.FormatFloat(c.Confidence, 'f', 2, 64) + " of 1"
	if c.LowConfidence && c.Confidence == 0 {
		return text + ", or the model gave none"
	}
	if c.LowConfidence {
		return text + ", low: below " + strconv.FormatFloat(interview.MinConfidence, 'f', -1, 64)
	}
	return text
}

// claimCounts say how many claims of the call count, and how many were rejected.
func (v speechView) claimCounts() string {
	rejected := 0
	for _, c := range v.claims {
		if c.Rejected != "" {
			rejected++
		}
	}
	return claimWords(store.ClaimCount{Claims: len(v.claims), Rejected: rejected}) + ", " + thousands(rejected) + " rejected"
}

// rejections are the beginnings of the reasons for which claims are rejected, and what each means.
var rejections = []struct{ reason, means string }{
	{"the quote was not said", "The model quotes words that are not in the transcript, so nothing shows that the person said this."},
	{"the quote is what we said ourselves", "The quoted words are our own question or announcement, not the person's answer."},
	{"there is no quote", "The model gave no words of the person that prove it."},
	{"the quote leaves out", "The person said more than the model quotes, and the words that are left out change what the quote means."},
	{"the number ", "The model's number is not among the words that it quotes. It may have been calculated, or misheard."},
	{"a number needs a unit", "The model gave a number and not what it counts."},
	{"unit ", "The model gave a unit that no claim can have."},
	{"the value is not a number", "The model's value is not a number that can be compared."},
	{"confidence ", "The model's confidence is not a number from 0 to 1, so nothing else of this claim can be trusted."},
	{"hypothesis ", "The model named a hypothesis that this campaign does not have."},
	{"field ", "The model named a kind of statement that no claim can have."},
	{"this was claimed before", "Another claim of this recording says the same with the same words. It counts once."},
}

// explainRejection says what a reason means, "" for no reason.
func explainRejection(reason string) string {
	if reason == "" {
		return ""
	}
	for _, r := range rejections {
		if strings.HasPrefix(reason, r.reason) {
			return r.means
		}
	}
	return "The model's answer was not of the form that a claim has."
}

// secondOf is when the words of a claim are heard.
func secondOf(c claimView) float64 {
	if c.Rejected == "" || len(c.around) == 0 {
		return c.StartSec
	}
	return c.around[0].utterance.StartSec
}
