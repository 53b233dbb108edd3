package interview

import (
	"strings"
	"unicode"

	"github.com/i-agent/iagent/internal/lexicon"
)

// meaning is what a phrase contributes to an answer.
type meaning int

const (
	phraseUnknown  meaning = iota // not understood, so the answer is no yes
	phraseAffirms                 // agrees
	phraseCourtesy                // understood, and says nothing about agreeing
	phraseObject                  // understood right after an affirmation: what is agreed to
	phraseLeans                   // agrees in a way that is easily taken for a refusal, or hesitates
	phraseNegates                 // a negation that is part of no other phrase
	phraseRefuses                 // a no, whatever else is said
	phraseMachine                 // said by mailboxes and call screeners
)

// consentWords is the vocabulary of one language for answers to the consent question.
type consentWords struct {
	phrases map[string]meaning
	longest int // words in the longest phrase
	// whole answers mean this only when nothing else is said.
	whole map[string]Answer
	// refusals are negations that make an answer a no when it ends with one: "I mean no".
	refusals map[string]bool
	// fillers are dropped everywhere; intensifiers where another word follows: "really don't mind" is "don't mind".
	fillers, intensifiers map[string]bool
	// spellings are other ways to write one or two words, which phrases write in one way.
	spellings map[string]string
	// negation reports whether a word by itself negates.
	negation func(word string) bool
	// notQuestions are phrases that keep a question mark from making the answer a question: "sure, why not?".
	notQuestions []string
	// unaccented says that words are compared without accents, as recognisers often write them, and elides that an apostrophe
	// stands between two words.
	unaccented, elides bool
}

// consentWordsOf returns the vocabulary of a language, BCP 47, or nil when there is none. The region does not matter.
func consentWordsOf(language string) *consentWords {
	switch primary, _ := splitLanguage(language); primary {
	case "en":
		return englishConsent()
	case "es":
		return spanishConsent()
	case "fr":
		return frenchConsent()
	case "de":
		return germanConsent()
	}
	return nil
}

// read reads a spoken answer.
func (w *consentWords) read(speech string) Answer {
	said := w.split(speech)
	if answer, ok := w.whole[strings.Join(said, " ")]; ok && !w.isQuestion(speech) {
		return answer
	}
	var counts [phraseMachine + 1]int
	length, before, last := len(said), phraseUnknown, ""
	for len(said) > 0 {
		meant, n := w.next(said)
		if meant == phraseObject && before != phraseAffirms && before != phraseObject {
			meant = phraseUnknown
		}
		counts[meant]++
		before, last = meant, strings.Join(said[:n], " ")
		said = said[n:]
	}
	switch {
	case counts[phraseMachine] > 0:
		return AnswerUnclear
	case counts[phraseRefuses] > 0, before == phraseNegates && w.refusals[last]:
		return AnswerNo
	case counts[phraseNegates] > 0 && counts[phraseAffirms]+counts[phraseLeans] == 0:
		return AnswerNo
	case counts[phraseNegates]+counts[phraseUnknown]+counts[phraseLeans] > 0, counts[phraseAffirms] == 0:
		return AnswerUnclear
	case w.isQuestion(speech), length > maxConsentWords:
		return AnswerUnclear
	}
	return AnswerYes
}

// next returns what the longest known phrase at the start of said means, and its length in words.
func (w *consentWords) next(said []string) (meaning, int) {
	for n := min(w.longest, len(said)); n > 0; n-- {
		if meant, ok := w.phrases[strings.Join(said[:n], " ")]; ok {
			return meant, n
		}
	}
	if w.negation(said[0]) {
		return phraseNegates, 1
	}
	return phraseUnknown, 1
}

// isQuestion reports whether the recogniser wrote a question.
func (w *consentWords) isQuestion(speech string) bool {
	for part := range strings.SplitAfterSeq(speech, "?") {
		question, ok := strings.CutSuffix(part, "?")
		if !ok {
			continue
		}
		said := strings.Join(w.split(question), " ")
		if !endsWithAny(said, w.notQuestions) {
			return true
		}
	}
	return strings.ContainsAny(speech, "？؟") || strings.Contains(speech, "¿") && !strings.Contains(speech, "?")
}

func endsWithAny(said string, phrases []string) bool {
	for _, phrase := range phrases {
		if said == phrase || strings.HasSuffix(said, " "+phrase) {
			return true
		}
	}
	return false
}

// split splits speech into lower-case words, each spelled as the phrases spell it, without fillers and intensifiers.
func (w *consentWords) split(speech string) []string {
	var raw []string
	speech = strings.ToLower(speech)
	if w.unaccented {
		speech = unaccented.Replace(strings.Map(withoutMarks, speech))
	}
	if w.elides {
		speech = strings.Map(elided, speech)
	}
	for _, word := range strings.FieldsFunc(speech, separates) {
		if word = strings.Trim(strings.Map(lexicon.Apostrophe, word), "'"); word != "" {
			raw = append(raw, word)
		}
	}
	var spelled []string
	for len(raw) > 0 {
		n := min(2, len(raw))
		word, ok := w.spellings[strings.Join(raw[:n], " ")]
		if !ok {
			n = 1
			if word, ok = w.spellings[raw[0]]; !ok {
				word = raw[0]
			}
		}
		spelled, raw = append(spelled, word), raw[n:]
	}
	said := spelled[:0]
	for i, word := range spelled {
		if w.fillers[word] || w.intensifiers[word] && i+1 < len(spelled) {
			continue
		}
		said = append(said, word)
	}
	return said
}

func withoutMarks(r rune) rune {
	if unicode.IsMark(r) {
		return -1
	}
	return r
}

func elided(r rune) rune {
	if lexicon.Apostrophe(r) == '\'' {
		return ' '
	}
	return r
}

func separates(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r) && lexicon.Apostrophe(r) != '\''
}

// phraseTable reads lists of phrases, separated by commas or lines. A group such as {to with} stands for each of its
// words in turn; "_" in a group stands for a space, so that a group may hold phrases, and "_" alone for nothing.
func phraseTable(lists map[meaning]string) (map[string]meaning, int) {
	table, longest := map[string]meaning{}, 0
	for meant := phraseUnknown; meant <= phraseMachine; meant++ { // the more cautious meaning last, so that it stands
		for pattern := range strings.FieldsFuncSeq(lists[meant], func(r rune) bool { return r == ',' || r == '\n' }) {
			for _, phrase := range expandPattern(pattern) {
				if said := strings.Fields(phrase); len(said) > 0 {
					table[strings.Join(said, " ")] = meant
					longest = max(longest, len(said))
				}
			}
		}
	}
	return table, longest
}

// expandPattern returns the phrases that a pattern stands for.
func expandPattern(pattern string) []string {
	before, rest, ok := strings.Cut(pattern, "{")
	if !ok {
		return []string{pattern}
	}
	group, after, _ := strings.Cut(rest, "}")
	var all []string
	for _, tail := range expandPattern(after) {
		for _, word := range strings.Fields(group) {
			all = append(all, before+strings.ReplaceAll(word, "_", " ")+tail)
		}
	}
	return all
}
