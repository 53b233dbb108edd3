package evidence

import (
	"fmt"

	"github.com/i-agent/iagent/internal/interview"
)

// Governor is what was said around a quote and makes it say something else: the "never" of "we never sold out" around the
// quote "sold out".
type Governor struct {
	Manner Manner
	// Words are as they were said.
	Words string
	// start and end are the bytes of the words in the stretch.
	start, end int
	// mild says that the quote stays true when the words are added to it: "about", "maybe".
	mild bool
}

// Manner is how a governor changes what a quote says.
type Manner string

// The manners of governing.
const (
	MannerNegated     Manner = "negated"
	MannerCompared    Manner = "compared"
	MannerConditional Manner = "made conditional"
	MannerAsked       Manner = "asked"
	MannerReported    Manner = "attributed to others"
	MannerOthers      Manner = "said of others"
	MannerPast        Manner = "put in the past"
	MannerDoubted     Manner = "doubted"
	MannerTakenBack   Manner = "taken back"
	MannerHedged      Manner = "hedged"
)

// Reason says why a quote that leaves the governor out is no evidence.
func (g Governor) Reason() string {
	return fmt.Sprintf("the quote leaves out %q, by which it is %s", g.Words, g.Manner)
}

// permits reports that the claims of a field may rest on words of this manner once these are in the quote: what others do
// is what competitive activity is about, and what others say is feedback.
func (g Governor) permits(field interview.Field) bool {
	switch field {
	case interview.FieldCompetitiveActivity:
		return g.mild || g.Manner == MannerOthers || g.Manner == MannerReported
	case interview.FieldCustomerFeedback:
		return g.mild || g.Manner == MannerReported
	}
	return g.mild
}

// governors are the words outside of text[start:end] that govern what stands there, those that change it most first.
func (s stretch) governors(start, end int) []Governor {
	c := newContext(s, start, end)
	if c == nil {
		return nil
	}
	var all, mild []Governor
	for _, find := range []func() []Governor{c.questions, c.before, c.after} {
		for _, g := range find() {
			if g.mild {
				mild = append(mild, g)
			} else {
				all = append(all, g)
			}
		}
	}
	return append(all, mild...)
}

// span makes a governor of pieces[from:to].
func (c *context) span(manner Manner, from, to int) Governor {
	start, end := c.pieces[from].start, c.pieces[to-1].end
	return Governor{Manner: manner, Words: c.text[start:end], start: start, end: end, mild: manner == MannerHedged}
}
