package evidence

import "slices"

// retracted reads pieces[from:to], which comes after the quote's clause, as a denial of it. own says that it is a sentence
// of its own.
func (c *surroundings) retracted(from, to int, own bool) (Modifier, bool) {
	at := from
	for at < to && (leadIns[c.pieces[at].word] || surprises[c.pieces[at].word] && at+1 < to && c.word(at) != "no") {
		at++
	}
	for _, correction := range corrections() {
		if c.matches(at, correction) || c.matches(from, correction) {
			return c.span(KindRetracted, from, min(from+len(correction)+at-from, to)), true
		}
	}
	switch {
	case at >= to:
		return Modifier{}, false
	case c.bareNo(at, to, own),
		c.deniesWholly(at, to),
		c.repliesNot(at, to),
		c.isNotUs(at, to),
		c.wasAnother(at, to),
		c.otherNumber(at, to):
		return c.span(KindRetracted, from, to), true
	}
	if last := c.pieces[to-1].word; !own && sayings[last] && to-at <= 5 && c.saidByOthers(at, to-1) {
		return c.span(KindReported, at, to), true
	}
	for _, r := range attributions() {
		open := slices.Contains([]string{"to", "the", "says", "told"}, r.words[len(r.words)-1])
		if rest := to - at - len(r.words); c.matches(at, r.words) && !own && rest >= 0 && (open || rest <= 1) {
			return c.span(r.kind, at, at+len(r.words)), true
		}
	}
	return Modifier{}, false
}

// saidByOthers reports that neither we nor ours are in pieces[from:to].
func (c *surroundings) saidByOthers(from, to int) bool {
	for i := from; i < to; i++ {
		word, _, _ := splitContraction(c.pieces[i].word)
		if word == "i" || word == "we" || word == "as" || ownPeople[word] || isNegation(word) {
			return false
		}
	}
	return from < to
}

// bareNo reads "no", alone or before what is right instead.
func (c *surroundings) bareNo(at, to int, own bool) bool {
	switch c.word(at) {
	case "nope", "nah", "never", "no", "not":
	default:
		return false
	}
	if at+1 < to {
		next := c.word(at + 1)
		return c.word(at) != "never" && c.word(at) != "not" && (c.subjectAt(at+1) || correctors[next] || next == "#" || isNegation(next)) && (!own || correctors[next])
	}
	if !own || c.word(at) == "not" || at > c.high {
		return true // "We ran out. Actually no."
	}
	// "Twelve dollars a bottle. No." repeats a question; "We sold out. No, ..." goes on.
	return !c.hasVerb() && !c.ownClause() || correctors[c.word(to)] || c.word(to) == "#" || c.deniesWholly(to, c.segmentEnd(min(to, len(c.pieces)-1)))
}

// ownClause reports that the quote's clause has a subject or verb.
func (c *surroundings) ownClause() bool {
	for i := c.low; i < c.high; i++ {
		if c.subjectAt(i) || finite[c.pieces[i].word] {
			return true
		}
	}
	return false
}

// deniesWholly reads "that is wrong", "it isn't true", "not true", "never happened", "here it is different".
func (c *surroundings) deniesWholly(at, to int) bool {
	if at >= to {
		return false
	}
	word := c.word(at)
	negative, i := false, at
	subject, contracted, _ := splitContraction(word)
	if anaphors[subject] {
		i++
		if contracted != "'s" {
			if !toBe[c.word(i)] && !isNegation(c.word(i)) && !happened(c.word(i)) {
				return false
			}
			negative = isNegation(c.word(i))
			if toBe[c.word(i)] || negative {
				i++
			}
		}
	}
	for i < to && (isNegation(c.word(i)) || degrees[c.word(i)] || toBe[c.word(i)]) {
		negative = negative || isNegation(c.word(i))
		i++
	}
	if c.word(i) == "a" || c.word(i) == "an" || c.word(i) == "the" || c.word(i) == "just" {
		i++
	}
	if i >= to {
		return false
	}
	rest := to - i
	switch word := c.word(i); {
	case happened(word):
		return negative && rest <= 2
	case untrue[word]:
		return !negative && rest <= 3
	case truths[word]:
		return negative && rest <= 3
	}
	return false
}

func happened(word string) bool { return word == "happened" || word == "happen" }

// repliesNot reads a clause that is no more than subject and negation: "it didn't", "we do not". Whose subject is another's
// says something of them alone.
func (c *surroundings) repliesNot(at, to int) bool {
	subject := c.word(at)
	if !subjects[subject] && !objects[subject] {
		if _, contracted, ok := splitContraction(subject); !ok || contracted != "'s" && contracted != "'re" || c.word(at+1) != "not" {
			return false
		}
	}
	i := at + 1
	if auxiliaries[c.word(i)] && !isNegation(c.word(i)) {
		i++
	}
	for i < to && adverbsBefore[c.word(i)] {
		i++
	}
	if i >= to || !isNegation(c.word(i)) {
		return false
	}
	for i++; i < to; i++ {
		if !closers[c.word(i)] {
			return false
		}
	}
	ours := false
	for k := c.low; k < c.to; k++ {
		if word, _, _ := splitContraction(c.pieces[k].word); word == "we" || word == "i" {
			ours = true
		}
	}
	subject, _, _ = splitContraction(subject)
	return !ours || subject != "they" && subject != "he" && subject != "she"
}

// isNotUs reads "not us", "not here", "not anymore", "not really", and nothing more.
func (c *surroundings) isNotUs(at, to int) bool {
	if word := c.word(at); word != "not" && word != "never" {
		return false
	}
	i := at + 1
	for i < to && ourWay[c.word(i)] {
		i++
	}
	if i >= to || !nearby[c.word(i)] {
		return false
	}
	for i++; i < to; i++ {
		if !closers[c.word(i)] && !nearby[c.word(i)] {
			return false
		}
	}
	return true
}

// wasAnother reads "that was the other brand", "it was my old shop".
func (c *surroundings) wasAnother(at, to int) bool {
	subject, contracted, _ := splitContraction(c.word(at))
	if !anaphors[subject] || contracted == "" && !toBe[c.word(at+1)] {
		return false
	}
	if c.word(at+2) == "before" || contracted != "" && c.word(at+1) == "before" {
		return true
	}
	if subject == "that" && (surprises[c.word(at-1)] || at >= 2 && surprises[c.word(at-2)]) && at > c.to {
		for i := at + 1; i < min(at+3, to); i++ {
			if w := c.word(i); w == "the" || w == "another" || w == "my" || w == "our" {
				return true // "oh sorry, that was the soy drink"
			}
		}
	}
	for i := at + 1; i < to && i < at+7; i++ {
		if word, _, _ := splitContraction(c.word(i)); others[word] || otherPeople[word] {
			return true
		}
	}
	return false
}

// otherNumber reads a correction of the number: "sorry, twelve", "I mean twelve".
func (c *surroundings) otherNumber(at, to int) bool {
	i := at
	for i < to {
		switch two := c.word(i) + " " + c.word(i+1); {
		case two == "i mean", two == "or rather", two == "or actually", two == "make that", two == "make it", two == "excuse me":
			i += 2
			continue
		case correctors[c.word(i)]:
			i++
			continue
		}
		break
	}
	if i == at && (at == c.high || !correctors[c.word(at-1)]) {
		return false
	}
	for k := i; k < min(to, i+3); k++ {
		if isNegation(c.word(k)) && c.word(at) != "actually" {
			return true
		}
	}
	for i < to && approximators[c.word(i)] {
		i++
	}
	if i >= to || c.word(i) != "#" {
		return false
	}
	said := c.language.measures(c.text[c.pieces[c.from].start:c.pieces[c.to-1].end])
	now := c.language.measures(c.text[c.pieces[i].start:c.pieces[to-1].end])
	return len(said) > 0 && len(now) > 0 && (!equal(said[len(said)-1].Number, now[0].Number) || said[len(said)-1].Unit != now[0].Unit && said[len(said)-1].Unit != "" && now[0].Unit != "")
}
