package evidence

import (
	"math"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/lexicon"
)

// Quote is a part of what was said.
type Quote struct {
	// Text is the words as they are in the utterances, from the first to the last one found.
	Text string
	// Speaker said them.
	Speaker interview.Speaker
	// StartSec and EndSec are when, reckoned from the place of the words within their utterances.
	StartSec, EndSec float64
	// Measures are the numbers among the words, read with the words around them, so that a quote that ends in the middle
	// of a number shows the whole number.
	Measures []Measure
	// Modifiers are the words around it that change what it says, those that change it most first.
	Modifiers []Modifier

	in         turn
	start, end int // its bytes in the text of the turn
}

// FindQuote looks for a quote in the utterances of one recording, which are in order. Case, punctuation, fillers, and the
// spelling of numbers make no difference, and in every five words one may differ, be missing or be too many; but never a
// number, a negation, a comparison or a condition, which would be another statement. The words may run on from one utterance to the next of the
// same speaker, if nobody spoke between them. Of equally good places the one in utterance near (an index; -1 for no
// idea) is taken, else the first.
//
// It reads numbers in words and what changes a statement in English; [CheckClaim] does so in the language of the call.
func FindQuote(quote string, utterances []interview.Utterance, near int) (Quote, bool) {
	return findQuote(nil, quote, utterances, near)
}

// findQuote is FindQuote in a language.
func findQuote(language *wordsOf, quote string, utterances []interview.Utterance, near int) (Quote, bool) {
	wanted := withoutFillers(language.tokens(quote))
	if len(wanted) == 0 || len(wanted) > maxQuote {
		return Quote{}, false
	}
	var best match
	var where turn
	best.cost = math.Inf(1)
	for _, s := range turns(language, utterances) {
		p, ok := align(wanted, s, near)
		if ok && (p.cost < best.cost || p.cost == best.cost && p.near && !best.near) {
			best, where = p, s
		}
	}
	if math.IsInf(best.cost, 1) {
		return Quote{}, false
	}
	return where.quote(where.words[best.from].start, where.words[best.to-1].end), true
}

// maxQuote is the most words of a quote: longer ones prove nothing in particular.
const maxQuote = 200

// turn is what one speaker said without anybody in between.
type turn struct {
	text       string
	all, words []token // all tokens, and those that are compared
	utterances []interview.Utterance
	language   *wordsOf
	first      int   // index of the first utterance
	starts     []int // where each utterance begins in text
}

func turns(language *wordsOf, utterances []interview.Utterance) []turn {
	var all []turn
	for i := 0; i < len(utterances); {
		s := turn{first: i, language: language}
		var b strings.Builder
		for ; i < len(utterances) && utterances[i].Speaker == utterances[s.first].Speaker; i++ {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			s.starts = append(s.starts, b.Len())
			b.WriteString(utterances[i].Text)
			s.utterances = append(s.utterances, utterances[i])
		}
		s.text = b.String()
		s.all = language.tokens(s.text)
		s.words = withoutFillers(s.all)
		all = append(all, s)
	}
	return all
}

// withoutFillers drops fillers.
func withoutFillers(all []token) []token {
	words := make([]token, 0, len(all))
	for _, t := range all {
		if !hesitations[t.word] {
			words = append(words, t)
		}
	}
	return words
}

var hesitations = lexicon.Set("uh um uhm er erm hmm hm ah ~uh ~um ~eh ~em ~ehm ~euh ~heu ~ahm ~hm ~hmm ~mm ~ah")

// match is a part of a turn's words that a quote was aligned with.
type match struct {
	from, to int // words[from:to]
	cost     float64
	near     bool
}

// align finds the words of s that are closest to the wanted ones, by the edit distance over words with free ends.
func align(wanted []token, s turn, near int) (match, bool) {
	type cell struct {
		cost float64
		from int
	}
	limit := float64(len(wanted)) / 5
	row, above := make([]cell, len(s.words)+1), make([]cell, len(s.words)+1)
	for j := range above {
		above[j] = cell{0, j}
	}
	for _, w := range wanted {
		row[0] = cell{above[0].cost + weight(w), 0}
		for j, t := range s.words {
			c := cell{above[j].cost + difference(w, t), above[j].from}
			if missing := above[j+1].cost + weight(w); missing < c.cost {
				c = cell{missing, above[j+1].from}
			}
			if extra := row[j].cost + weight(t); extra < c.cost {
				c = cell{extra, row[j].from}
			}
			row[j+1] = c
		}
		row, above = above, row
	}
	best, found := match{}, false
	for j, c := range above {
		if c.cost > limit || c.from >= j || s.implied(c.from, j) {
			continue
		}
		p := match{from: c.from, to: j, cost: c.cost, near: s.within(c.from, j, near)}
		longer := p.from == best.from && p.near == best.near // a word that was recognised wrongly belongs to the quote
		if !found || p.cost < best.cost || p.cost == best.cost && (p.near && !best.near || longer) {
			best, found = p, true
		}
	}
	return best, found
}

// implied reports that words[from:to] take no room in what was said, such as the dollar behind the number of "$20".
func (s turn) implied(from, to int) bool { return s.words[from].start == s.words[to-1].end }

// decisive words make another statement when they are missing or different.
const decisive = 1000

// weight is what it costs that a word is missing or too many.
func weight(t token) float64 {
	if t.isNumber() || isNegation(t.word) || comparing[t.word] || unreal[t.word] {
		return decisive
	}
	return 1
}

func isNegation(word string) bool { return negating[word] || strings.HasSuffix(word, "n't") }

// comparing are other words without which a statement is another one.
var comparing = lexicon.Set("more less fewer most least over under above below almost nearly rarely seldom if unless")

var negating = lexicon.Set("no not never none nothing nobody neither nor cannot without hardly barely scarcely nowhere nicht pas")

// difference is the cost of one word recognised as another.
func difference(a, b token) float64 {
	switch {
	case a.same(b):
		return 0
	case weight(a) > 1 || weight(b) > 1:
		return 2 * decisive
	case similar(a.word, b.word):
		return 0.5
	}
	return 1
}

// similar reports that two words differ by a letter, long ones by two: "shelf" and "shelfs", "favourite" and "favorite".
func similar(a, b string) bool {
	x, y := []rune(a), []rune(b)
	shorter := min(len(x), len(y))
	most := 0
	switch {
	case shorter >= 8:
		most = 2
	case shorter >= 4:
		most = 1
	}
	if most == 0 || max(len(x), len(y))-shorter > most {
		return false
	}
	return editDistance(x, y) <= most
}

// editDistance is the edit distance of two short words.
func editDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range b {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// within reports that words[from:to] overlap an utterance, given by its index among all.
func (s turn) within(from, to, utterance int) bool {
	n := utterance - s.first
	if n < 0 || n >= len(s.utterances) {
		return false
	}
	end := len(s.text)
	if n+1 < len(s.starts) {
		end = s.starts[n+1]
	}
	return s.words[from].start < end && s.words[to-1].end > s.starts[n]
}

// quote describes text[start:end].
func (s turn) quote(start, end int) Quote {
	q := Quote{Speaker: s.utterances[0].Speaker, StartSec: s.second(start, false), EndSec: s.second(end, true), in: s, start: start, end: end}
	q.EndSec = max(q.EndSec, q.StartSec)
	q.Text = strings.TrimSpace(s.text[start:end])
	for _, m := range measures(s.text, s.all) {
		if m.Start < end && m.End > start {
			q.Measures = append(q.Measures, m)
		}
	}
	q.Modifiers = s.modifiers(start, end)
	return q
}

// extended is the quote with what is said up to text[start:end] of the same speaker.
func (q Quote) extended(start, end int) Quote {
	return q.in.quote(min(q.start, start), max(q.end, end))
}

// maxAdded is how often words are added to a quote. One with more words that modify it says too little.
const maxAdded = 8

// complete widens the quote until the ranges in it are whole, then until the words are in it that modify it and may be added. It
// returns the reason when others modify it, too.
func (q Quote) complete(field interview.Field) (Quote, string) {
	for _, m := range q.Measures {
		if m.Range {
			q = q.extended(m.Start, m.End)
		}
	}
	for round := 0; len(q.Modifiers) > 0; round++ {
		g := q.Modifiers[0]
		if !g.allowedFor(field) || round == maxAdded || g.start >= q.start && g.end <= q.end {
			return q, g.Reason()
		}
		q = q.extended(g.start, g.end)
	}
	return q, ""
}

// modified reports that words of the quote modify one of its measures in a claim of this field, so that its number is not the
// value; it returns the measure with these words.
func (q Quote) modified(m Measure, field interview.Field) (words string, ok bool) {
	start, end := m.Start, m.End
	for _, g := range q.in.modifiers(m.Start, m.End) {
		if !g.allowedFor(field) {
			start, end, ok = min(start, g.start), max(end, g.end), true
		}
	}
	return q.in.text[max(q.start, start):min(max(q.end, m.End), end)], ok
}

// second is when the byte at was said, taking an utterance as spoken evenly. ends says that it is the end of a word, which
// belongs to the utterance before it.
func (s turn) second(at int, ends bool) float64 {
	n := 0
	for n+1 < len(s.starts) && (s.starts[n+1] < at || !ends && s.starts[n+1] == at) {
		n++
	}
	u := s.utterances[n]
	if len(u.Text) == 0 || u.EndSec <= u.StartSec {
		return u.StartSec
	}
	part := float64(min(at-s.starts[n], len(u.Text))) / float64(len(u.Text))
	return math.Round(1000*(u.StartSec+part*(u.EndSec-u.StartSec))) / 1000
}
