package evidence

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/i-agent/iagent/internal/lexicon"
)

// token is a word or a number of what somebody said or wrote.
type token struct {
	// word is in lower case and without punctuation, with signs spelled out ("$" is "dollars"); "" for a number.
	word string
	// numbers are the readings of a number, the likeliest first: "twelve fifty" is 1250 or 12.5.
	numbers []float64
	// start and end are its bytes in the text.
	start, end int
	// broken says that a comma or a full stop comes before it: what follows is another thought.
	broken bool
	// digits says that it was written in figures.
	digits bool
	// joined says that it follows the token before without a space, as "m" in "3m".
	joined bool
	// sign says that the word was a sign.
	sign bool
}

func (t token) isNumber() bool { return t.numbers != nil }

// same reports that two tokens mean the same, however they are written: "12" and "twelve".
func (t token) same(u token) bool {
	if !t.isNumber() || !u.isNumber() {
		return t.word == u.word && t.isNumber() == u.isNumber()
	}
	for _, n := range t.numbers {
		if slices.ContainsFunc(u.numbers, func(m float64) bool { return equal(n, m) }) {
			return true
		}
	}
	return false
}

// equal compares numbers that were reckoned in different ways.
func equal(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

// tokens reads a text: words, and numbers in figures and in words.
func tokens(text string) []token { return inNumbers(lex(text)) }

// lex cuts a text into words and figures.
func lex(text string) []token {
	var all []token
	broken := false
	add := func(t token) {
		t.broken = broken
		t.joined = len(all) > 0 && all[len(all)-1].end == t.start
		all = append(all, t)
		broken = false
	}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case r >= '0' && r <= '9', r == '.' && digitAt(text, at+1) && !digitAt(text, at-1):
			number, n := figures(text[at:])
			start := at
			if th := ordinal(text[at+n:]); th > 0 {
				add(token{word: strings.ToLower(text[at : at+n+th]), start: at, end: at + n + th})
				at += n + th
				continue
			}
			if minus(text, at) {
				number, start = -number, at-minusSize(text, at)
			}
			add(token{numbers: []float64{number}, start: start, end: at + n, digits: true})
			at += n
			continue
		case signWords[r] != "":
			add(token{word: signWords[r], start: at, end: at + size, sign: true})
		case isDash(r) && digitAt(text, at-1):
			add(token{word: "-", start: at, end: at + size, sign: true})
		case unicode.IsLetter(r) || unicode.IsMark(r):
			n := wordLength(text[at:])
			if word := spelled(text[at : at+n]); word != "" {
				add(token{word: word, start: at, end: at + n})
			}
			at += n
			continue
		case strings.ContainsRune(",;:.!?…\n", r):
			broken = true
		}
		at += size
	}
	return all
}

func digitAt(text string, at int) bool {
	return at >= 0 && at < len(text) && text[at] >= '0' && text[at] <= '9'
}

func isDash(r rune) bool { return r == '-' || r == '–' || r == '—' || r == '−' }

// minus reports that the figures at a place have a sign: a dash with nothing but space before it.
func minus(text string, at int) bool {
	n := minusSize(text, at)
	if n == 0 {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(text[:at-n])
	return at == n || unicode.IsSpace(before)
}

func minusSize(text string, at int) int {
	r, size := utf8.DecodeLastRuneInString(text[:at])
	if r == '-' || r == '−' {
		return size
	}
	return 0
}

// figures reads a number in figures and its length. A comma before groups of three, or a dot before anything, is English;
// a comma before one or two figures at the end is a decimal comma.
func figures(s string) (float64, int) {
	n := 0
	for n < len(s) && (digitAt(s, n) || ((s[n] == ',' || s[n] == '.') && digitAt(s, n+1))) {
		n++
	}
	written := s[:n]
	comma, dot := strings.LastIndexByte(written, ','), strings.LastIndexByte(written, '.')
	switch {
	case comma > dot && (len(written)-comma-1 != 3 || dot >= 0) && strings.Count(written, ",") == 1:
		written = strings.ReplaceAll(strings.ReplaceAll(written, ".", ""), ",", ".")
	case strings.Count(written, ".") > 1:
		written = strings.ReplaceAll(strings.ReplaceAll(written, ",", ""), ".", "")
	default:
		written = strings.ReplaceAll(written, ",", "")
	}
	number, err := strconv.ParseFloat(written, 64)
	if err != nil { // out of range
		number = math.MaxFloat64
	}
	return number, n
}

// ordinal is the length of the ending that makes figures an ordinal, as in "3rd": that is no number of anything.
func ordinal(s string) int {
	if n := wordLength(s); n == 2 {
		switch strings.ToLower(s[:n]) {
		case "st", "nd", "rd", "th":
			return n
		}
	}
	return 0
}

// wordLength is the length of the word that a text begins with: letters, then figures and apostrophes too.
func wordLength(s string) int {
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && (i == 0 || !unicode.IsNumber(r) && lexicon.Apostrophe(r) != '\'') {
			return i
		}
	}
	return len(s)
}

// spelled is a word as it is compared.
func spelled(word string) string {
	word = strings.Trim(strings.Map(lexicon.Apostrophe, strings.ToLower(word)), "'")
	if written, ok := lexicon.Contractions[word]; ok {
		return written
	}
	return word
}
