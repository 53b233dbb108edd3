package evidence

import "slices"

// after finds the modifiers that stand behind the quote: what is added to it, what is made of it later in the sentence,
// and whether the next sentence takes it back.
func (c *surroundings) after() []Modifier {
	rest := c.clauseEnd(c.to)
	all := c.added(c.to, rest)
	segment := rest
	for segment < c.high {
		end := c.segmentEnd(segment)
		if !c.isAside(segment, end) {
			all = append(all, c.added(segment, end)...)
			if g, ok := c.retracted(segment, end, false); ok {
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
			if g, ok := c.retracted(at, end, true); ok {
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
func (c *surroundings) leadsIn(from, to int) bool {
	for _, p := range c.pieces[from:to] {
		if !surprises[p.word] && !leadIns[p.word] {
			return false
		}
	}
	return true
}

// clauseEnd is where the clause that goes on at pieces[i] ends.
func (c *surroundings) clauseEnd(i int) int {
	for i < c.high && (c.pieces[i].opens == 0 || c.pieces[i].opens == atSubject) {
		if i > c.to && c.pieces[i].opens == atSubject {
			break
		}
		i++
	}
	return i
}

// segmentEnd is where the part of a sentence that begins at pieces[i] ends.
func (c *surroundings) segmentEnd(i int) int {
	sentence := c.sentenceEnd(i + 1)
	for i++; i < sentence && c.pieces[i].opens&(atComma|atBut) == 0; i++ {
	}
	return i
}

func (c *surroundings) isAside(from, to int) bool {
	if c.pieces[from].neutral {
		return true
	}
	return slices.ContainsFunc(asides(), func(aside []string) bool { return len(aside) == to-from && c.matches(from, aside) })
}

// added finds words right behind the quote that belong to it, in pieces[from:to], which begins there or after a comma.
func (c *surroundings) added(from, to int) []Modifier {
	var all []Modifier
	at, apart := from, c.stopAt(from) != 0
	if !apart {
		at = c.measureEnd(to)
	}
	for _, r := range trailing() {
		place := from
		if r.scope == scopeNumber {
			place = at
			if !c.endsWithNumber(at) {
				continue
			}
		}
		if apart && r.kind == KindCompared && place+len(r.words) < to {
			if c.matches(place, r.words) && r.words[0] == "at" {
				all = append(all, c.span(KindHedged, place, to)) // ", at least in summer"
				break
			}
			continue
		}
		if place < to && c.matches(place, r.words) && c.endsThere(r, place+len(r.words), to) && !c.pieces[place].neutral {
			end := place + len(r.words)
			if r.words[0] == "only" {
				end = to // "only in summer"
			}
			all = append(all, c.span(r.kind, place, end))
			break
		}
	}
	for i := from; i < to; i++ {
		if word := c.pieces[i].word; (word == "if" || word == "unless") && !c.pieces[i].neutral {
			all = append(all, c.span(KindConditional, i, i+1))
		}
	}
	if !apart && to < c.high && c.pieces[to].opens&(atIf|atComma) == atIf && !c.pieces[to].neutral {
		all = append(all, c.span(KindConditional, to, to+1))
	}
	if !apart && to < c.high && spans[c.pieces[to].word] {
		all = append(all, c.span(KindHedged, to, c.segmentEnd(to)))
	}
	if apart || from >= to {
		return all
	}
	switch word := c.pieces[from].word; {
	case c.pieces[from].neutral:
	case (auxiliaries[word] || toBe[word]) && (isNegation(word) || isNegation(c.word(from+1)) && from+1 < to):
		all = append(all, c.span(KindNegated, from, min(from+2, to)))
	case unreal[word]:
		all = append(all, c.span(KindConditional, from, min(from+2, to)))
	case toBe[word] && c.untrueAt(from+1, to):
		all = append(all, c.span(KindRetracted, from, to))
	case foreignNegations[word]:
		all = append(all, c.span(KindNegated, from, from+1))
	case c.from == c.low && c.subjectAt(from) && !c.hasVerb(): // "ten dollars we never paid"
		for i := from; i < to; i++ {
			if isNegation(c.pieces[i].word) {
				all = append(all, c.span(KindNegated, i, i+1))
				break
			}
		}
	}
	return all
}

// untrueAt reports that "wrong" or the like stands at pieces[i], with an article or degree: "simply false", "an exaggeration".
func (c *surroundings) untrueAt(i, to int) bool {
	for i < to && (degrees[c.word(i)] || determiners[c.word(i)]) {
		i++
	}
	return i < to && untrue[c.word(i)]
}

// endsThere reports that a rule of what is added is not the beginning of something else: "more than", but not "more often".
func (c *surroundings) endsThere(r rule, end, to int) bool {
	if r.scope != scopeNumber || !comparatives[r.words[0]] {
		return true
	}
	return end >= to || c.word(end) == "than" || c.pieces[end].word == "per"
}

// measureEnd is where the measure in which the quote ends is over: "two cases" of "two cases a week".
func (c *surroundings) measureEnd(to int) int {
	end := c.pieces[c.to-1].end
	for _, m := range c.language.measures(c.text[c.pieces[c.low].start:c.pieces[c.high-1].end]) {
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
func (c *surroundings) endsWithNumber(at int) bool {
	for i := at - 1; i >= c.from && i >= at-6; i-- {
		if c.pieces[i].word == "#" {
			return true
		}
	}
	return false
}

// hasVerb reports that the quote is more than a fragment.
func (c *surroundings) hasVerb() bool {
	for i := c.from; i < c.to; i++ {
		if word := c.pieces[i].word; finite[word] || past(word) || c.subjectAt(i) {
			return true
		}
	}
	return false
}
