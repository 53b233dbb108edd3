package evidence

// scope says how far words modify what comes after them.
type scope int

const (
	scopeClause   scope = iota // to the end of their clause
	scopeObject                // their clause, and one that is their object: "doubt that it went up"
	scopeSaid                  // the same, also behind a comma: "they said, it went up"
	scopeSentence              // the sentence, up to a "but"
	scopeNumber                // a number right behind them
	scopeNext                  // whatever is right behind them
)

// rule is a row of the tables of words that modify.
type rule struct {
	words []string
	kind  Kind
	scope scope
}

// inScope reports that words which end before pieces[i] modify the quote.
func (c *surroundings) inScope(r scope, i int) bool {
	if i > c.from {
		return true // their end is in the quote
	}
	crossed := c.crossed(i-1, c.from)
	switch r {
	case scopeClause:
		return crossed == 0
	case scopeObject:
		return crossed&^object == 0
	case scopeSaid:
		if c.stopAt(i) == ',' {
			crossed &^= atComma
			for k := i + 1; k <= c.from; k++ {
				crossed |= c.pieces[k].opens
			}
		}
		return crossed&^object == 0
	case scopeSentence:
		return crossed&atBut == 0
	}
	if crossed&^atSubject != 0 {
		return false
	}
	between := approximators
	if r == scopeNext {
		between = adverbsBefore
	}
	for ; i < c.from; i++ {
		if !between[c.pieces[i].word] {
			return false
		}
	}
	return r == scopeNext || c.beginsWithNumber()
}

// beginsWithNumber reports that the quote begins with a number, also "a ten dollar bill" and "about ten".
func (c *surroundings) beginsWithNumber() bool {
	for i := c.from; i < c.to; i++ {
		if c.pieces[i].word == "#" {
			return true
		}
		if !approximators[c.pieces[i].word] {
			return false
		}
	}
	return false
}

// before finds the modifiers that stand before the quote in its sentence.
func (c *surroundings) before() []Modifier {
	var all []Modifier
	for i := c.from - 1; i >= c.low; i-- {
		if c.pieces[i].neutral {
			continue
		}
		switch {
		case c.negates(i):
			all = append(all, c.span(KindNegated, i, i+1))
			continue
		case c.wouldBe(i):
			all = append(all, c.span(KindConditional, i, i+1))
			continue
		}
		if g, ok := c.reported(i); ok {
			all = append(all, g)
		}
		if superlatives[c.pieces[i].word] && c.word(i-1) == "the" && toBe[c.word(c.from-1)] && c.beginsWithNumber() {
			all = append(all, c.span(KindCompared, i-1, i+1))
		}
		if g, ok := c.ofOthers(i); ok {
			all = append(all, g)
		}
		for _, r := range modifying() {
			if c.matches(i, r.words) && c.inScope(r.scope, i+len(r.words)) && !c.otherSense(i, r) {
				all = append(all, c.span(r.kind, i, i+len(r.words)))
				break
			}
		}
	}
	return all
}

// otherSense reports words that look like a rule's but are not: "went up to", "get used to", "in May".
func (c *surroundings) otherSense(i int, r rule) bool {
	last := c.word(i - 1)
	if denials[r.words[0]] {
		for k := i - 1; k >= max(c.low, i-3) && c.pieces[k+1].opens == 0; k-- {
			if isNegation(c.pieces[k].word) {
				return true // "nobody would deny that"
			}
		}
	}
	switch r.words[0] {
	case "used":
		return toBe[last] || last == "get" || last == "got" || last == "getting"
	case "up":
		return moves[last]
	case "may":
		return !subjects[last] && !objects[last] && last != "price" && last != "prices"
	case "about":
		return len(r.words) == 1 && c.word(i+1) == "to"
	case "if":
		return askers[last]
	case "once":
		return len(r.words) == 1 && !subjects[last] && !auxiliaries[last]
	case "few", "little":
		return c.pieces[i].opens == 0 && i > c.low && !degreesBefore[last]
	case "when", "before", "until":
		return last != "" && c.pieces[i].stop == 0
	case "close", "closer":
		return toBe[last] && !c.beginsWithNumber()
	}
	return false
}

// negates reports that pieces[i] is a negation that modifies the quote.
func (c *surroundings) negates(i int) bool {
	word, _, _ := splitContraction(c.pieces[i].word)
	if !isNegation(word) && !isNegation(c.pieces[i].word) || c.answers(i) {
		return false
	}
	if c.cleft(i) {
		return true
	}
	if crossed := c.crossed(i, c.from); crossed == 0 || c.word(i+1) == "because" && crossed&^(atBecause|object) == 0 {
		return true
	}
	if c.embedded(i) {
		return true
	}
	occasion := false
	for k := i + 1; k <= c.from; k++ {
		if c.pieces[k].opens != 0 {
			word := c.pieces[k].word
			if occasion && (word == "that" || word == "when" || word == "where" || c.pieces[k].opens == atSubject) && c.crossed(k-1, c.from)&^(object|atBecause) == 0 {
				return true // "there was no week when we ran out"
			}
			break
		}
		occasion = occasion || occasions[c.pieces[k].word]
	}
	return c.word(i+1) == "that" && c.inScope(scopeObject, i+1) // "not that we sold out"
}

// cleft reports that pieces[i] belongs to the main clause of a cleft sentence whose other clause has the quote: "it is not us
// that sold out".
func (c *surroundings) cleft(i int) bool {
	first := i
	for first > c.low && c.pieces[first].opens == 0 {
		first--
	}
	if base, _, _ := splitContraction(c.pieces[first].word); !anaphors[base] && base != "there" {
		return false
	}
	if c.crossed(i, c.from) != atBecause {
		return false
	}
	for k := i + 1; k <= c.from; k++ {
		if c.pieces[k].opens != 0 {
			return c.pieces[k].word == "that" || c.pieces[k].word == "who" || c.pieces[k].word == "which"
		}
	}
	return false
}

// answers reports a "no" that answers and negates nothing: "No, we", "no it costs".
func (c *surroundings) answers(i int) bool {
	if w := c.pieces[i].word; w != "no" && w != "nope" {
		return false
	}
	return c.stopAt(i+1) == ',' || c.subjectAt(i+1) || c.word(i+1) == "that" || i+1 == c.from && c.pieces[i+1].word != "#" && i == c.low
}

// wouldBe reports a "would" or the like at pieces[i], which makes the clause unreal.
func (c *surroundings) wouldBe(i int) bool {
	word := c.pieces[i].word
	if c.crossed(i, c.from) != 0 && !c.embedded(i) {
		return false
	}
	contracted := len(word) > 2 && word[len(word)-2:] == "'d"
	switch {
	case unreal[word]:
	case contracted:
		next := c.word(i + 1)
		for k := i + 2; adverbsBefore[next]; k++ {
			next = c.word(k)
		}
		if next == "better" || participles[next] || len(next) > 4 && next[len(next)-2:] == "ed" {
			return false // "we'd sold out"
		}
	default:
		return false
	}
	polite := word == "that'd" || (word == "would" || word == "should") && (c.word(i-1) == "that" || c.word(i-1) == "this")
	return !polite || c.conditional()
}

// embedded reports that the quote is in the object of a verb such as "say" behind pieces[i].
func (c *surroundings) embedded(i int) bool {
	for k := i + 1; k < c.from && c.crossed(i, k) == 0; k++ {
		if word := c.pieces[k].word; (embedders[word] || word == "be") && c.inScope(scopeObject, k+1) {
			return true
		}
	}
	return false
}

// conditional reports that the sentence names a condition: without one "that would be ten dollars" is courtesy.
func (c *surroundings) conditional() bool {
	for _, p := range c.pieces[c.low:c.high] {
		if conditions[p.word] && !p.neutral {
			return true
		}
	}
	return false
}

// reported finds who else said it, when pieces[i] is a verb of saying.
func (c *surroundings) reported(i int) (Modifier, bool) {
	if !sayings[c.pieces[i].word] || !c.inScope(scopeSaid, c.addressee(i+1)) {
		return Modifier{}, false
	}
	for k := i - 1; k >= c.low; k-- {
		word := c.pieces[k].word
		switch {
		case word == "i" || word == "we" || word == "i'd" || word == "i've" || word == "i'm" || word == "let" || word == "to" && k == i-1,
			word == "it" && !c.elsewhere(k):
			return Modifier{}, false
		case ownPeople[word] && !theirs[c.word(k-1)], isNegation(word):
			return Modifier{}, false
		}
		if c.pieces[k].stop == ',' || c.pieces[k].opens != 0 || k == c.low {
			g := c.span(KindReported, k, i+1)
			return g, true
		}
	}
	if c.pieces[i].word == "say" && !c.beginsWithNumber() { // "say it cost twenty dollars"
		return c.span(KindConditional, i, i+1), true
	}
	return Modifier{}, false
}

// elsewhere reports that another place is named before pieces[i]: "on your website it says".
func (c *surroundings) elsewhere(i int) bool {
	for _, p := range c.pieces[c.low:i] {
		if word, _, _ := splitContraction(p.word); otherPeople[word] || publications[word] {
			return true
		}
	}
	return false
}

// addressee is the place behind who was told: "told us", "says here".
func (c *surroundings) addressee(i int) int {
	for i < c.from && addressees[c.pieces[i].word] && !c.subjectAt(i) {
		i++
	}
	return i
}

// ofOthers finds that the clause is about others, who are named at pieces[i].
func (c *surroundings) ofOthers(i int) (Modifier, bool) {
	word, _, _ := splitContraction(c.pieces[i].word)
	if (word == "they" || word == "he" || word == "she") && sellers[c.word(i+1)] && c.crossed(i, c.from) == 0 {
		return c.span(KindOthers, i, i+1), true
	}
	if !otherPeople[word] || word == "else" && !anybody[c.word(i-1)] || (word == "other" || word == "another") && !otherGoods[c.word(i+1)] {
		return Modifier{}, false
	}
	first := i
	for first > c.low && c.pieces[first].opens == 0 {
		first--
		if word := c.pieces[first].word; notSubject[word] {
			return Modifier{}, false
		}
	}
	crossed := c.crossed(i, c.from)
	if c.cleft(i) {
		crossed = 0
	}
	if place := c.pieces[first].word; crossed == atSubject && (place == "at" || place == "in" || place == "elsewhere") {
		for k := i + 1; k <= c.from; k++ {
			if word := c.pieces[k].word; word == "we" || word == "i" {
				return Modifier{}, false
			}
		}
		crossed = 0
	}
	if crossed != 0 || c.pieces[first].neutral {
		return Modifier{}, false
	}
	return c.span(KindOthers, first, i+1), true
}

// asksOther reports that the question is only in a later part of the sentence: "it costs ten dollars, anything else?".
func (c *surroundings) asksOther() bool {
	last := c.high - 1
	for last > c.to && c.pieces[last].opens&(atComma|atBut|atAnd) == 0 {
		last--
	}
	for last >= c.to && last < c.high && leadIns[c.word(last)] {
		last++
	}
	return last >= c.to && last+1 < c.high && c.stopAt(c.to) != 0 && followUps[c.word(last)] && followUpWords[c.word(last+1)] && !isThatSo(c.word(last), c.word(last+1))
}

func isThatSo(first, second string) bool { return first == "is" && second != "there" }

// questions finds that the quote's sentence is a question, by its mark or by the order of its words.
func (c *surroundings) questions() []Modifier {
	first := c.word(c.low)
	inverted := auxiliaries[first] && (subjects[c.word(c.low+1)] || objects[c.word(c.low+1)])
	wh := interrogatives[first]
	switch {
	case c.low < c.from && inverted && !isNegation(first) && c.crossed(c.low+1, c.from)&^object == 0:
		return []Modifier{c.span(KindAsked, c.low, c.low+1)}
	case !c.asked, c.asksOther():
		return nil
	case c.from == c.low && (inverted || wh): // the quote is the whole question, and says so
		return nil
	case c.from > c.low && (inverted || wh):
		return []Modifier{c.span(KindAsked, c.low, c.low+1)}
	}
	for i := c.high - 1; i >= c.to && i >= c.high-3; i-- {
		for _, tag := range tagsThatAskNothing() {
			if c.matches(i, tag) && i+len(tag) == c.high {
				return nil
			}
		}
	}
	mark := c.pieces[c.high-1].end
	for mark < len(c.text) && c.text[mark] != '?' {
		mark++
	}
	return []Modifier{{Kind: KindAsked, Words: "?", start: mark, end: min(mark+1, len(c.text))}}
}
