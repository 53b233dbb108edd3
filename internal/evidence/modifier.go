package evidence

import (
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// Modifier is what was said around a quote and changes what it says: the "never" of "we never sold out" around the quote
// "sold out".
type Modifier struct {
	Kind Kind
	// Words are as they were said.
	Words string
	// start and end are the bytes of the words in the turn.
	start, end int
}

// mild reports that the quote stays true when the words are added to it: "about", "maybe".
func (m Modifier) mild() bool { return m.Kind == KindHedged }

// Kind is how a modifier changes what a quote says.
type Kind string

// The kinds of modifiers. A hedge leaves the quote true.
const (
	KindNegated     Kind = "negated"
	KindCompared    Kind = "compared"
	KindConditional Kind = "made conditional"
	KindAsked       Kind = "asked"
	KindReported    Kind = "attributed to others"
	KindOthers      Kind = "said of others"
	KindPast        Kind = "put in the past"
	KindDoubted     Kind = "doubted"
	KindRetracted   Kind = "taken back"
	KindHedged      Kind = "hedged"
)

// Reason says why a quote that leaves the modifier out is rejected.
func (m Modifier) Reason() string {
	return fmt.Sprintf("the quote leaves out %q, by which it is %s", m.Words, m.Kind)
}

// allowedFor reports that the claims of a field may rest on words of this kind once these are in the quote: what others do
// is what competitive activity is about, and what others say is feedback.
func (m Modifier) allowedFor(field interview.Field) bool {
	switch field {
	case interview.FieldCompetitiveActivity:
		return m.mild() || m.Kind == KindOthers || m.Kind == KindReported
	case interview.FieldCustomerFeedback:
		return m.mild() || m.Kind == KindReported
	}
	return m.mild()
}

// modifiers are the words outside of text[start:end] that modify what stands there, those that change it most first.
func (s turn) modifiers(start, end int) []Modifier {
	c := surroundingsOf(s, start, end)
	if c == nil {
		return nil
	}
	var all, mild []Modifier
	for _, find := range []func() []Modifier{c.questions, c.before, c.after} {
		for _, m := range find() {
			if m.mild() {
				mild = append(mild, m)
			} else {
				all = append(all, m)
			}
		}
	}
	return append(all, mild...)
}

// span makes a modifier of pieces[from:to].
func (c *surroundings) span(kind Kind, from, to int) Modifier {
	start, end := c.pieces[from].start, c.pieces[to-1].end
	return Modifier{Kind: kind, Words: c.text[start:end], start: start, end: end}
}
