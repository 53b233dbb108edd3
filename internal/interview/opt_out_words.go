package interview

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/i-agent/iagent/internal/lexicon"
)

// optOutWords is the grammar of one language for asking never to be called again. It is made of regular expressions over words as
// [optOutWords.normal] writes them: lower case, no accents, " , " for a comma and " | " for the end of a sentence. In a pattern {name}
// stands for a class of words, and a space also for a comma.
type optOutWords struct {
	// demands say so plainly.
	demands []*regexp.Regexp
	// before and after are what makes it none when it stands right before or after a demand in the same sentence: whose calls
	// are spoken of, that somebody else said it, that it is denied, at what time not to call. The exceptions stand.
	before, beforeBut, after, afterBut *regexp.Regexp
	// elsewhere makes it none wherever it stands in the sentence before the demand.
	elsewhere *regexp.Regexp
	// statement is what is no demand though the words are those of one, such as "je ne l'appelle plus": whatever overlaps it is none.
	statement *regexp.Regexp
	// instead says whom or when to call: with that after it, a demand is about one call and not about all. It does not count right after
	// a word of not.
	instead, not *regexp.Regexp
	// whole are utterances that mean it when nothing else is said.
	whole *regexp.Regexp
	// ours is what our own texts say of opting out; a loudspeaker may carry it back to us.
	ours []string
	// apostrophe is what an apostrophe becomes: nothing, or a space where it stands between two words.
	apostrophe string
	// spell writes phrases in another way, so that they are not taken for what they hold.
	spell *strings.Replacer
}

// optOutGrammar is an optOutWords as it is written. Its expressions take tens of milliseconds and megabytes, so each language's are made
// when the first answer in it is read, and not whenever the program starts.
type optOutGrammar struct {
	classes                                     map[string]string
	demands, before, beforeBut, after, afterBut []string
	elsewhere, whole, ours                      []string
	statement, instead, not                     []string
	spell                                       []string // pairs
	apostrophe                                  string
}

// compile makes the expressions. It panics on a grammar that is not well-formed, as regexp.MustCompile does.
func (g optOutGrammar) compile() *optOutWords {
	w := &optOutWords{apostrophe: g.apostrophe, ours: g.ours, spell: strings.NewReplacer(g.spell...)}
	for _, demand := range g.demands {
		w.demands = append(w.demands, regexp.MustCompile(" (?:"+g.expand(demand)+") "))
	}
	w.before, w.beforeBut = g.anyOf(" (?:", g.before, ") $"), g.anyOf(" (?:", g.beforeBut, ") $")
	w.after, w.afterBut = g.anyOf("^ (?:", g.after, ") "), g.anyOf("^ (?:", g.afterBut, ") ")
	w.elsewhere, w.whole = g.anyOf(" (?:", g.elsewhere, ") "), g.anyOf("^ (?:", g.whole, ") $")
	w.statement, w.instead, w.not = g.anyOf(" (?:", g.statement, ") "), g.anyOf(" (?:", g.instead, ") "), g.anyOf(" (?:", g.not, ") $")
	return w
}

func (g optOutGrammar) anyOf(opens string, patterns []string, closes string) *regexp.Regexp {
	if len(patterns) == 0 {
		return regexp.MustCompile(`[^\s\S]`) // nothing
	}
	return regexp.MustCompile(opens + g.expand(strings.Join(patterns, "|")) + closes)
}

var className = regexp.MustCompile(`\{[a-z]+\}`)

// expand puts the classes into a pattern, which may hold classes themselves.
func (g optOutGrammar) expand(pattern string) string {
	for className.MatchString(pattern) {
		pattern = className.ReplaceAllStringFunc(pattern, func(name string) string {
			class, ok := g.classes[name[1:len(name)-1]]
			if !ok {
				panic("no class " + name)
			}
			return "(?:" + class + ")"
		})
	}
	return strings.ReplaceAll(pattern, " ", "(?: ,)? ")
}

// asks reports whether speech asks never to be called again.
func (w *optOutWords) asks(speech string) bool {
	said := w.heard(speech)
	return w.whole.MatchString(said) || w.demanded(said)
}

// heard writes speech as the patterns read it, without what our own texts say.
func (w *optOutWords) heard(speech string) string {
	said := w.normal(speech)
	for _, ours := range w.ours {
		said = strings.ReplaceAll(said, " "+ours+" ", " | ")
	}
	return said
}

// demanded reports whether what was heard holds a demand.
func (w *optOutWords) demanded(said string) bool {
	for _, demand := range w.demands {
		for from := 0; from < len(said); {
			at := demand.FindStringIndex(said[from:])
			if at == nil {
				break
			}
			if w.meant(said, from+at[0], from+at[1]) {
				return true
			}
			from += at[0] + 1
		}
	}
	return false
}

// meant reports whether nothing around the demand said[start:end] makes it none.
func (w *optOutWords) meant(said string, start, end int) bool {
	before, after := said[:start+1], said[end-1:]
	if i := strings.LastIndex(before, " | "); i >= 0 {
		before = before[i+2:]
	}
	switch {
	case w.elsewhere.MatchString(before):
		return false
	case w.before.MatchString(before) && !w.beforeBut.MatchString(before):
		return false
	case w.after.MatchString(after) && !w.afterBut.MatchString(after):
		return false
	}
	for _, at := range w.statement.FindAllStringIndex(said, -1) {
		if at[0] < end-1 && start < at[1]-1 {
			return false
		}
	}
	for from := 0; from < len(after); {
		at := w.instead.FindStringIndex(after[from:])
		if at == nil {
			break
		}
		if !w.not.MatchString(after[:from+at[0]+1]) {
			return false
		}
		from += at[0] + 1
	}
	return true
}

// unaccented are letters as recognisers also write them.
var unaccented = strings.NewReplacer(
	"á", "a", "à", "a", "â", "a", "ä", "a", "ã", "a", "é", "e", "è", "e", "ê", "e", "ë", "e", "í", "i", "ì", "i", "î", "i", "ï", "i",
	"ó", "o", "ò", "o", "ô", "o", "ö", "o", "ú", "u", "ù", "u", "û", "u", "ü", "u", "ñ", "n", "ç", "c", "ß", "ss", "œ", "oe", "æ", "ae")

// normal writes speech as the patterns read it.
func (w *optOutWords) normal(speech string) string {
	var b strings.Builder
	for _, r := range unaccented.Replace(strings.ToLower(speech)) {
		switch {
		case lexicon.Apostrophe(r) == '\'':
			b.WriteString(w.apostrophe)
		case unicode.IsLetter(r), unicode.IsNumber(r):
			b.WriteRune(r)
		case unicode.IsMark(r): // an accent that stands by itself
		case strings.ContainsRune(".!?;…\n¿¡", r):
			b.WriteString(" | ")
		case r == ',' || r == ':' || r == '–' || r == '—':
			b.WriteString(" , ")
		default:
			b.WriteByte(' ')
		}
	}
	words := strings.Fields(b.String())
	kept := words[:0]
	for _, word := range words {
		last := "|"
		if len(kept) > 0 {
			last = kept[len(kept)-1]
		}
		if (word == "|" || word == ",") && (last == "|" || last == ",") {
			if word == "|" && len(kept) > 0 {
				kept[len(kept)-1] = word
			}
			continue
		}
		kept = append(kept, word)
	}
	return w.spell.Replace(" " + strings.TrimSuffix(strings.Join(kept, " "), " |") + " | ")
}
