package evidence

import (
	"slices"
	"strings"
)

// piece is a word or number of a turn with what the search for modifiers needs to know of it.
type piece struct {
	// word is as tokens have it, "#" for a number.
	word       string
	start, end int
	// stop is the punctuation before it: '.' and '?' end a sentence, ',' a part of one, 0 is none.
	stop byte
	// opens says which boundaries of clauses are crossed between the piece before and this one.
	opens boundary
	// neutral says that the word belongs to a saying that modifies nothing: "no doubt", "if you ask me".
	neutral bool
}

// boundary is a set of reasons why a clause begins at a word.
type boundary uint

const (
	atComma   boundary = 1 << iota
	atThat             // "that", which makes the clause an object of what is before
	atSubject          // a pronoun with its verb
	atIf               // "if" and "whether"
	atAnd              // "and", "or" with a clause of its own
	atBecause          // "because", "which", "when" and the like
	atBut
)

// object are the boundaries behind which the object of a verb such as "think" may follow.
const object = atThat | atSubject | atIf

// surroundings is what was said around a quote: pieces[from:to] are its own, pieces[low:high] the sentences it is in, and
// pieces[high:next] is the sentence after.
type surroundings struct {
	text                 string
	language             *wordsOf
	pieces               []piece
	from, to             int
	low, high, following int
	// asked says that the quote's last sentence ends with a question mark.
	asked bool
}

// longSentence is how many words before and behind a quote are read when nothing ends its sentence, as in speech that was
// written down without punctuation.
const longSentence = 60

func surroundingsOf(s turn, start, end int) *surroundings {
	c := &surroundings{text: s.text, language: s.language}
	for _, t := range s.all {
		if t.start == t.end || hesitations[t.word] {
			continue // a unit that stands before its number is in the number
		}
		p := piece{word: written(t, c.text), start: t.start, end: t.end}
		if n := len(c.pieces); n > 0 {
			p.stop = stopIn(c.text[c.pieces[n-1].end:max(t.start, c.pieces[n-1].end)])
		}
		c.pieces = append(c.pieces, p)
	}
	c.from = slices.IndexFunc(c.pieces, func(p piece) bool { return p.end > start })
	if c.from < 0 || c.pieces[c.from].start >= end {
		return nil
	}
	for c.to = c.from; c.to < len(c.pieces) && c.pieces[c.to].start < end; c.to++ {
	}
	c.low = c.from
	for c.low > 0 && c.low > c.from-longSentence && !c.sentenceAt(c.low) {
		c.low--
	}
	c.high = min(c.sentenceEnd(c.to), c.to+longSentence)
	c.following = c.high
	if c.high < len(c.pieces) {
		c.following = min(c.sentenceEnd(c.high+1), c.high+longSentence)
	}
	c.asked = c.stopAt(c.high) == '?'
	c.mark()
	return c
}

// written is the word of a token in one spelling.
func written(t token, text string) string {
	if t.isNumber() {
		if strings.EqualFold(text[t.start:t.end], "once") {
			return "once" // "we once sold"
		}
		return "#"
	}
	if full, ok := apostrophes[t.word]; ok {
		return full
	}
	return t.word
}

func (c *surroundings) sentenceAt(i int) bool {
	return c.pieces[i].stop == '.' || c.pieces[i].stop == '?'
}

// sentenceEnd is the first place from i on where a sentence begins.
func (c *surroundings) sentenceEnd(i int) int {
	for i < len(c.pieces) && !c.sentenceAt(i) {
		i++
	}
	return i
}

// stopAt is the punctuation before a piece, or behind the last one.
func (c *surroundings) stopAt(i int) byte {
	if i < len(c.pieces) {
		return c.pieces[i].stop
	}
	return stopIn(c.text[c.pieces[len(c.pieces)-1].end:])
}

// stopIn reads what stands between two words.
func stopIn(gap string) byte {
	gap = strings.ReplaceAll(gap, redacted, "")
	switch {
	case strings.Contains(gap, "?"):
		return '?'
	case strings.ContainsAny(gap, "!;\n"):
		return '.'
	case strings.Contains(gap, "..") || strings.Contains(gap, "…"):
		return ',' // somebody hesitates
	case strings.Contains(gap, "."):
		return '.'
	case strings.ContainsAny(gap, ",:()—–") || strings.Contains(gap, " - "):
		return ','
	}
	return 0
}

// mark finds neutral sayings and the boundaries of clauses.
func (c *surroundings) mark() {
	end := c.following
	for i := c.low; i < end; i++ {
		for _, saying := range neutralPhrases() {
			if last := i + len(saying); c.matches(i, saying) && last <= end && (saying[0] != "not" || c.word(last) != "#") {
				for k := range saying {
					c.pieces[i+k].neutral = true
				}
			}
		}
	}
	for i := c.low + 1; i < end; i++ {
		c.pieces[i].opens = c.boundaryAt(i)
	}
	c.passAsides()
	for i := c.low + 1; i < end; i++ {
		before := c.pieces[i-1]
		if before.word != "no" && isNegation(before.word) && !before.neutral && c.pieces[i].opens&atComma != 0 {
			c.passAside(i)
		}
	}
}

// passAsides takes the commas around an aside for none: ", to be honest,".
func (c *surroundings) passAsides() {
	for i := c.low + 1; i < c.from; i++ {
		if c.pieces[i].opens&atComma == 0 {
			continue
		}
		for _, aside := range asides() {
			last := i + len(aside)
			if !c.matches(i, aside) || c.pieces[last].stop != ',' || last > c.from {
				continue
			}
			for k := i; k < last; k++ {
				c.pieces[k].neutral, c.pieces[k].opens = true, 0
			}
			c.pieces[last].opens &^= atComma
		}
	}
}

// passAside takes what stands between the comma at pieces[i] and the next for an aside of a clause that goes on behind it:
// "it does not, and never did, cost".
func (c *surroundings) passAside(i int) {
	c.pieces[i].opens &^= atComma
	for k := i + 1; k < c.following && !c.sentenceAt(k); k++ {
		if c.pieces[k].opens&atComma == 0 {
			continue
		}
		if c.pieces[k].opens == atComma && k <= c.from {
			for j := i; j <= k; j++ {
				c.pieces[j].opens = 0
			}
		}
		return
	}
}

// matches reports that these words stand at pieces[i].
func (c *surroundings) matches(i int, words []string) bool {
	if i < 0 || i+len(words) > len(c.pieces) {
		return false
	}
	for k, word := range words {
		if c.pieces[i+k].word != word || k > 0 && c.pieces[i+k].stop != 0 {
			return false
		}
	}
	return true
}

// word is that of pieces[i], "" outside of the sentences around the quote and across a punctuation mark.
func (c *surroundings) word(i int) string {
	if i < c.low || i >= c.following {
		return ""
	}
	return c.pieces[i].word
}

func (c *surroundings) boundaryAt(i int) boundary {
	p := c.pieces[i]
	var b boundary
	if p.stop == ',' {
		b |= atComma
	}
	next := c.word(i + 1)
	switch {
	case p.neutral:
		return b
	case contrasts[p.word]:
		return b | atBut
	case p.word == "if" || p.word == "whether":
		return b | atIf
	case subordinators[p.word]:
		if p.word == "who" && isNegation(c.word(i-1)) {
			return b // "nobody who buys it"
		}
		return b | atBecause
	case p.word == "and" || p.word == "or" || p.word == "so" || p.word == "then":
		if c.subjectAt(i+1) || clauseOpeners[next] || p.word == "and" && c.ends(i) && past(next) {
			return b | atAnd
		}
		return b
	case p.word == "that" && p.stop == 0:
		switch {
		case c.subjectAt(i + 1), embedders[c.word(i-1)], determiners[next]:
			return b | atThat
		case finite[next]:
			return b | atBecause // "the one that costs ten"
		}
		return b
	case c.subjectAt(i):
		return b | atSubject
	}
	return b
}

// ends reports that the clause before pieces[i] ends there when "and" and a form of the past follow: what is negated in it has
// another form of its verb. "did not order and sold", but not "have never ordered and sold" or "nobody came and bought".
func (c *surroundings) ends(i int) bool {
	for k := i - 1; k >= c.low && c.pieces[k].stop != ','; k-- {
		word := c.pieces[k].word
		if quantified[word] && (k == c.low || c.pieces[k].opens != 0 || word != "no" && word != "none" && word != "nothing" && word != "had") {
			return false
		}
	}
	return true
}

func past(word string) bool { return pastForms[word] || len(word) > 4 && strings.HasSuffix(word, "ed") }

// subjectAt reports that a pronoun at pieces[i] is the subject of a clause that begins there.
func (c *surroundings) subjectAt(i int) bool {
	word := c.word(i)
	if word == "" || c.pieces[i].neutral {
		return false
	}
	pronoun, contracted, _ := splitContraction(word)
	if !subjects[pronoun] && !objects[pronoun] {
		return false
	}
	if before := c.word(i - 1); auxiliaries[before] && c.pieces[i].stop == 0 {
		return false // "never have we", "did you"
	}
	return subjects[pronoun] || contracted != "" || finite[c.word(i+1)]
}

// crossed are the boundaries between pieces[i] and pieces[j].
func (c *surroundings) crossed(i, j int) boundary {
	var b boundary
	for k := i + 1; k <= j && k < len(c.pieces); k++ {
		b |= c.pieces[k].opens
	}
	return b
}
