package evidence

import (
	"strings"
	"unicode"
)

// wordsOf is what the checks know of one language other than English. Its words are put into the English ones that the checks look
// for: its numbers into numbers, its units and what changes a statement into their English words. All other words are marked, so that
// none is taken for an English one that is spelled the same ("once" is eleven in Spanish).
type wordsOf struct {
	// atoms are the words for numbers that are added to each other, and hundred, thousand and millions those that multiply.
	atoms             map[string]float64
	hundred, thousand map[string]bool
	millions          map[string]float64
	// one are the words for one that are also articles: a number only before a unit or a scale.
	one map[string]bool
	// pairs are numbers of two words that are added as one: "quatre vingt".
	pairs map[string]float64
	// and joins tens with units; mustJoin says that tens and units are not one number without it, and unitsFirst that the units
	// are said first.
	and                  map[string]bool
	mustJoin, unitsFirst bool
	// scores are tens to which 10 to 19 are added.
	scores map[float64]bool
	// point is the word for the decimal sign; half are words that are half, or half more after "and".
	point, half map[string]bool
	// compound reads a number that is written as one word, "" for no number.
	compound func(word string) (float64, bool)
	// commaOnly says that a comma before three figures is a decimal comma, too.
	commaOnly bool
	// phrases are words in the language, and the English ones in their place, not more of them; longest is the most words of one.
	phrases map[string]string
	longest int
}

// wordsIn returns the words of a language, BCP 47, nil for English and for a language without a table.
func wordsIn(language string) *wordsOf {
	primary, _, _ := strings.Cut(strings.ToLower(language), "-")
	switch primary {
	case "es":
		return spanishWords()
	case "fr":
		return frenchWords()
	case "de":
		return germanWords()
	}
	return nil
}

// tokens reads a text in the language.
func (w *wordsOf) tokens(text string) []token {
	if w == nil {
		return tokens(text)
	}
	return inNumbers(w.english(w.figures(lex(text), text)))
}

// figures reads figures as the language writes them: "1.234" and "1 234" are more than a thousand.
func (w *wordsOf) figures(all []token, text string) []token {
	kept := all[:0]
	for _, t := range all {
		if n := len(kept); n > 0 && t.digits && kept[n-1].digits && t.end-t.start == 3 && !t.broken && len(kept[n-1].numbers) == 1 &&
			kept[n-1].numbers[0] < 1e6 && isGap(text[kept[n-1].end:t.start]) && !strings.ContainsAny(text[kept[n-1].start:kept[n-1].end], ",.") {
			kept[n-1].numbers[0], kept[n-1].end = kept[n-1].numbers[0]*1000+t.numbers[0], t.end
			continue
		}
		if t.digits {
			written := text[t.start:t.end]
			dot, comma := strings.LastIndexByte(written, '.'), strings.LastIndexByte(written, ',')
			switch {
			case comma < 0 && dot >= 0 && len(written)-dot-1 == 3 && strings.Count(written, ".") == 1 && strings.Trim(written[:dot], "-−0") != "":
				t.numbers = []float64{t.numbers[0] * 1000}
			case w.commaOnly && dot < 0 && comma >= 0 && len(written)-comma-1 == 3 && strings.Count(written, ",") == 1:
				t.numbers = []float64{t.numbers[0] / 1000}
			}
		}
		kept = append(kept, t)
	}
	return kept
}

// isGap reports what stands between groups of figures.
func isGap(s string) bool {
	return s == " " || s == "\u00a0" || s == "\u202f" || s == "'" || s == "’"
}

// english puts the words of the language into English ones and numbers.
func (w *wordsOf) english(all []token) []token {
	out := make([]token, 0, len(all))
	for i := 0; i < len(all); {
		if all[i].isNumber() || all[i].sign {
			out = append(out, all[i])
			i++
			continue
		}
		if phrase, n := w.phraseAt(all, i); n > 0 {
			for k, word := range strings.Fields(phrase) {
				t := all[i+k]
				t.word = word
				if k+1 == len(strings.Fields(phrase)) {
					t.end = all[i+n-1].end
				}
				out = append(out, t)
			}
			i += n
			continue
		}
		if value, n := w.number(all[i:]); n > 0 {
			t := all[i]
			t.word, t.numbers, t.end = "", []float64{value}, all[i+n-1].end
			out = append(out, t)
			i += n
			continue
		}
		t := all[i]
		t.word = "~" + plain(t.word)
		out = append(out, t)
		i++
	}
	return out
}

// phraseAt is the English of the longest phrase that begins at all[i].
func (w *wordsOf) phraseAt(all []token, i int) (string, int) {
	for n := min(w.longest, len(all)-i); n > 0; n-- {
		said := make([]string, 0, n)
		for k := range n {
			if all[i+k].isNumber() || k > 0 && all[i+k].broken {
				break
			}
			said = append(said, plain(all[i+k].word))
		}
		if english, ok := w.phrases[strings.Join(said, " ")]; ok && len(said) == n {
			return english, n
		}
	}
	return "", 0
}

// number reads the number that words begin with, and how many it takes.
func (w *wordsOf) number(words []token) (float64, int) {
	word := func(n int) string {
		if n >= len(words) || n > 0 && words[n].broken || words[n].isNumber() {
			return ""
		}
		return plain(words[n].word)
	}
	if w.one[word(0)] && !w.counts(word(1)) {
		return 0, 0
	}
	if w.half[word(0)] {
		return 0.5, 1
	}
	var millions, thousands, current float64
	n, begun := 0, false
	for {
		at := n
		joined := begun && w.and[word(at)]
		if joined {
			at++
		}
		if begun && joined && w.half[word(at)] {
			return millions + thousands + current + 0.5, at + 1
		}
		value, ok := w.atom(word(at))
		length := 1
		if pair, is := w.pairs[word(at)+" "+word(at+1)]; is {
			value, ok, length = pair, true, 2
		}
		switch next := word(at); {
		case next == "":
			return millions + thousands + current, n
		case ok && !begun && w.unitsFirst && value < 10 && w.and[word(at+1)] && w.tens(word(at+2)) > 0:
			current, n = value+w.tens(word(at+2)), at+3
		case ok && w.adds(current, value, joined, begun && thousands+millions+current == 0):
			current, n = current+value, at+length
		case w.hundred[next] && !joined && current < 10:
			current, n = max(current, 1)*100, at+1
		case w.thousand[next] && thousands == 0 && !joined:
			thousands, current, n = max(current, 1)*1000, 0, at+1
		case w.millions[next] > 0 && !joined && begun:
			millions, thousands, current, n = millions+(thousands+current)*w.millions[next], 0, 0, at+1
		default:
			if begun && w.point[word(n)] {
				if part, length := w.decimals(words[n+1:]); length > 0 {
					return millions + thousands + current + part, n + 1 + length
				}
			}
			return millions + thousands + current, n
		}
		begun = true
	}
}

// atom is the value of one word.
func (w *wordsOf) atom(word string) (float64, bool) {
	if value, ok := w.atoms[word]; ok {
		return value, true
	}
	if w.compound != nil && word != "" {
		return w.compound(word)
	}
	return 0, false
}

// tens is the value of a word for tens, 0 for any other.
func (w *wordsOf) tens(word string) float64 {
	if value := w.atoms[word]; value >= 20 && value < 100 && int(value)%10 == 0 {
		return value
	}
	return 0
}

// adds reports whether value can be added to a number below a thousand. zero says that the number is a zero that was said.
func (w *wordsOf) adds(current, value float64, joined, zero bool) bool {
	last := float64(int(current) % 100)
	switch {
	case zero || current != 0 && value == 0:
		return false
	case current == 0:
		return true
	case value >= 100:
		return false
	case w.scores[last] && value < 20:
		return true
	case last == 0:
		return current >= 100
	case int(current)%10 == 0 && value < 10:
		return !w.unitsFirst && (joined || !w.mustJoin)
	}
	return false
}

// decimals reads what follows the decimal sign: figures one by one, or one number of two.
func (w *wordsOf) decimals(words []token) (float64, int) {
	part, place, n := 0.0, 0.1, 0
	for ; n < len(words) && !words[n].broken && !words[n].isNumber(); n++ {
		value, ok := w.atom(plain(words[n].word))
		if !ok || value >= 10 || n == 0 && len(words) > 1 && w.unitsFirst && w.and[plain(words[1].word)] {
			break
		}
		part, place = part+value*place, place/10
	}
	if n > 0 {
		return part, n
	}
	if value, length := w.number(words); length > 0 && value >= 10 && value < 100 {
		return value / 100, length
	}
	return 0, 0
}

// counts reports whether a word is counted by a one before it.
func (w *wordsOf) counts(word string) bool {
	if w.thousand[word] || w.hundred[word] || w.millions[word] > 0 || w.point[word] || w.and[word] && word != "" {
		return true
	}
	return unitWords[w.phrases[word]] != "" || scales[w.phrases[word]] > 0
}

// unaccented are letters as recognisers also write them.
var unaccented = strings.NewReplacer("á", "a", "à", "a", "â", "a", "ä", "a", "é", "e", "è", "e", "ê", "e", "ë", "e", "í", "i", "î", "i", "ï", "i",
	"ó", "o", "ô", "o", "ö", "o", "ú", "u", "ù", "u", "û", "u", "ü", "u", "ñ", "n", "ç", "c", "ß", "ss", "œ", "oe")

// plain is a word without accents.
func plain(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsMark(r) {
			return -1
		}
		return r
	}, unaccented.Replace(word))
}

// phraseWords reads "these, words = english; …".
func phraseWords(list string) (map[string]string, int) {
	phrases, longest := map[string]string{}, 0
	for entry := range strings.SplitSeq(list, ";") {
		said, english, _ := strings.Cut(entry, "=")
		for phrase := range strings.SplitSeq(said, ",") {
			if words := strings.Fields(phrase); len(words) > 0 {
				phrases[strings.Join(words, " ")] = strings.TrimSpace(english)
				longest = max(longest, len(words))
			}
		}
	}
	return phrases, longest
}

// counted numbers a list of words from first on.
func counted(first, step float64, list string, into map[string]float64) {
	for _, words := range strings.Fields(list) {
		for word := range strings.SplitSeq(words, "/") {
			into[word] = first
		}
		first += step
	}
}
