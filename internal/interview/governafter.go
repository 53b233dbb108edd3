package interview

import "slices"

// after finds the governors that stand behind the quote: what is added to it, what is made of it later in the sentence,
// and whether the next sentence takes it back.
func (c *context) after() []Governor {
	rest := c.clauseEnd(c.to)
	all := c.added(c.to, rest)
	segment := rest
	for segment < c.high {
		end := c.segmentEnd(segment)
		if !c.isAside(segment, end) {
			all = append(all, c.added(segment, end)...)
			if g, ok := c.takenBack(segment, end, false); ok {
				all = append(all, g)
			}
			if !c.leadsIn(segment, end) {
				break
			}
		}
		segment = end
	}
	if segment >= c.high || c.segmentEnd(segment) >= c.high {
		for at := c.high; at < c.following; {
			end := c.segmentEnd(at)
			if g, ok := c.takenBack(at, end, true); ok {
				all = append(all, g)
				break
			}
			if !c.isAside(at, end) && end != at+1 {
				break
			}
			at = end
		}
	}
	return all
}

// leadsIn reports that pieces[from:to] only lead to what comes next: "oh sorry,".
func (c *context) leadsIn(from, to int) bool {
	for _, p := range c.pieces[from:to] {
		if !surprises[p.word] && !leadIns[p.word] {
			return false
		}
	}
	return true
}

// clauseEnd is where the clause that goes on at pieces[i] ends.
func (c *context) clauseEnd(i int) int {
	for i < c.high && (c.pieces[i].opens == 0 || c.pieces[i].opens == atSubject) {
		if i > c.to && c.pieces[i].opens == atSubject {
			break
		}
		i++
	}
	return i
}

// segmentEnd is where the part of a sentence that begins at pieces[i] ends.
func (c *context) segmentEnd(i int) int {
	sentence := c.sentenceEnd(i + 1)
	for i++; i < sentence && c.pieces[i].opens&(atComma|atBut) == 0; i++ {
	}
	return i
}

func (c *context) isAside(from, to int) bool {
	if c.pieces[from].idle {
		return true
	}
	return slices.ContainsFunc(asides, func(aside []string) bool { return len(aside) == to-from && c.says(from, aside) })
}

// added finds words right behind the quote that belong to it, in pieces[from:to], which begins there or after a comma.
func (c *context) added(from, to int) []Governor {
	var all []Governor
	at, apart := from, c.stopAt(from) != 0
	if !apart {
		at = c.measureEnd(to)
	}
	for _, r := range trailing {
		place := from
		if r.reach == reachNumber {
			place = at
			if !c.endsWithNumber(at) {
				continue
			}
		}
		if apart && r.manner == MannerCompared && place+len(r.words) < to {
			if c.says(place, r.words) && r.words[0] == "at" {
				all = append(all, c.span(MannerHedged, place, to)) // ", at least in summer"
				break
			}
			continue
		}
		if place < to && c.says(place, r.words) && c.endsThere(r, place+len(r.words), to) && !c.pieces[place].idle {
			end := place + len(r.words)
			if r.words[0] == "only" {
				end = to // "only in summer"
			}
			all = append(all, c.span(r.manner, place, end))
			break
		}
	}
	for i := from; i < to; i++ {
		if word := c.pieces[i].word; (word == "if" || word == "unless") && !c.pieces[i].idle {
			all = append(all, c.span(MannerConditional, i, i+1))
		}
	}
	if !apart && to < c.high && c.pieces[to].opens&(atIf|atComma) == atIf && !c.pieces[to].idle {
		all = append(all, c.span(MannerConditional, to, to+1))
	}
	if !apart && to < c.high && spans[c.pieces[to].word] {
		all = append(all, c.span(MannerHedged, to, c.segmentEnd(to)))
	}
	if apart || from >= to {
		return all
	}
	switch word := c.pieces[from].word; {
	case c.pieces[from].idle:
	case (auxiliaries[word] || toBe[word]) && (isNegation(word) || isNegation(c.word(from+1)) && from+1 < to):
		all = append(all, c.span(MannerNegated, from, min(from+2, to)))
	case unreal[word]:
		all = append(all, c.span(MannerConditional, from, min(from+2, to)))
	case toBe[word] && c.untrueAt(from+1, to):
		all = append(all, c.span(MannerTakenBack, from, to))
	case foreignNegations[word]:
		all = append(all, c.span(MannerNegated, from, from+1))
	case c.from == c.low && c.subjectAt(from) && !c.hasVerb(): // "ten dollars we never paid"
		for i := from; i < to; i++ {
			if isNegation(c.pieces[i].word) {
				all = append(all, c.span(MannerNegated, i, i+1))
				break
			}
		}
	}
	return all
}

// untrueAt reports that "wrong" or its kin stands at pieces[i], with an article or degree: "simply false", "an exaggeration".
func (c *context) untrueAt(i, to int) bool {
	for i < to && (degrees[c.word(i)] || determiners[c.word(i)]) {
		i++
	}
	return i < to && untrue[c.word(i)]
}

// endsThere reports that a rule of what is added is not the beginning of something else: "more than", but not "more often".
func (c *context) endsThere(r rule, end, to int) bool {
	if r.reach != reachNumber || !comparatives[r.words[0]] {
		return true
	}
	return end >= to || c.word(end) == "than" || c.pieces[end].word == "per"
}

// measureEnd is where the measure in which the quote ends is over: "two cases" of "two cases a week".
func (c *context) measureEnd(to int) int {
	end := c.pieces[c.to-1].end
	for _, m := range Measures(c.text[c.pieces[c.low].start:c.pieces[c.high-1].end]) {
		offset := c.pieces[c.low].start
		if m.Start+offset < end && m.End+offset > end {
			end = m.End + offset
		}
	}
	at := c.to
	for at < to && c.pieces[at].start < end {
		at++
	}
	return at
}

// endsWithNumber reports that a number with its unit stands before pieces[at].
func (c *context) endsWithNumber(at int) bool {
	for i := at - 1; i >= c.from && i >= at-6; i-- {
		if c.pieces[i].word == "#" {
			return true
		}
	}
	return false
}

// hasVerb reports that the quote is more than a fragment.
func (c *context) hasVerb() bool {
	for i := c.from; i < c.to; i++ {
		if word := c.pieces[i].word; finite[word] || past(word) || c.subjectAt(i) {
			return true
		}
	}
	return false
}

// takenBack reads pieces[from:to], which comes after the quote's clause, as a denial of it. own says that it is a sentence
// of its own.
func (c *context) takenBack(from, to int, own bool) (Governor, bool) {
	at := from
	for at < to && (leadIns[c.pieces[at].word] || surprises[c.pieces[at].word] && at+1 < to && c.word(at) != "no") {
		at++
	}
	for _, correction := range corrections {
		if c.says(at, correction) || c.says(from, correction) {
			return c.span(MannerTakenBack, from, min(from+len(correction)+at-from, to)), true
		}
	}
	switch {
	case at >= to:
		return Governor{}, false
	case c.bareNo(at, to, own),
		c.deniesWholly(at, to),
		c.repliesNot(at, to),
		c.isNotUs(at, to),
		c.wasAnother(at, to),
		c.otherNumber(at, to):
		return c.span(MannerTakenBack, from, to), true
	}
	if last := c.pieces[to-1].word; !own && sayings[last] && to-at <= 5 && c.saidByOthers(at, to-1) {
		return c.span(MannerReported, at, to), true
	}
	for _, r := range attributions {
		open := slices.Contains([]string{"to", "the", "says", "told"}, r.words[len(r.words)-1])
		if rest := to - at - len(r.words); c.says(at, r.words) && !own && rest >= 0 && (open || rest <= 1) {
			return c.span(r.manner, at, at+len(r.words)), true
		}
	}
	return Governor{}, false
}

// saidByOthers reports that neither we nor ours are in pieces[from:to].
func (c *context) saidByOthers(from, to int) bool {
	for i := from; i < to; i++ {
		word, _, _ := splitContraction(c.pieces[i].word)
		if word == "i" || word == "we" || word == "as" || ownPeople[word] || isNegation(word) {
			return false
		}
	}
	return from < to
}

// bareNo reads "no", alone or before what is right instead.
func (c *context) bareNo(at, to int, own bool) bool {
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
func (c *context) ownClause() bool {
	for i := c.low; i < c.high; i++ {
		if c.subjectAt(i) || finite[c.pieces[i].word] {
			return true
		}
	}
	return false
}

// deniesWholly reads "that is wrong", "it isn't true", "not true", "never happened", "here it is different".
func (c *context) deniesWholly(at, to int) bool {
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
func (c *context) repliesNot(at, to int) bool {
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
func (c *context) isNotUs(at, to int) bool {
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
func (c *context) wasAnother(at, to int) bool {
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
func (c *context) otherNumber(at, to int) bool {
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
	said := Measures(c.text[c.pieces[c.from].start:c.pieces[c.to-1].end])
	now := Measures(c.text[c.pieces[i].start:c.pieces[to-1].end])
	return len(said) > 0 && len(now) > 0 && (!equal(said[len(said)-1].Number, now[0].Number) || said[len(said)-1].Unit != now[0].Unit && said[len(said)-1].Unit != "" && now[0].Unit != "")
}
