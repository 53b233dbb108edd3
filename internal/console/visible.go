package console

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visibleSpans is a text in which everything can be seen: control characters, those that turn the direction of text or have no
// width, and bytes that are no UTF-8 are written as escapes, in spans of the class "escape".
func visibleSpans(text string) []span {
	var spans []span
	start := 0
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		escape := ""
		switch {
		case r == utf8.RuneError && size == 1:
			escape = fmt.Sprintf(`\x%02x`, text[at])
		case r == '\n' || r == '\t':
		case r < 0x20 || r == 0x7f:
			escape = fmt.Sprintf(`\x%02x`, r)
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			escape = fmt.Sprintf(`\u{%x}`, r)
		}
		if escape != "" {
			if start < at {
				spans = append(spans, span{"", text[start:at]})
			}
			spans = append(spans, span{"escape", escape})
			start = at + size
		}
		at += size
	}
	if start < len(text) {
		spans = append(spans, span{"", text[start:]})
	}
	return spans
}

// amount is a number with what it counts.
func amount(n int, one, many string) string { return strconv.Itoa(n) + " " + form(n, one, many) }

// form is the form of a word that goes with a number.
func form(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// capitalised is a text of ours at the beginning of a sentence.
func capitalised(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// plainASCII reports whether spans are nothing but text of ASCII, which needs no element of its own.
func plainASCII(spans []span) bool {
	for _, s := range spans {
		if s.class != "" || strings.ContainsFunc(s.text, func(r rune) bool { return r >= utf8.RuneSelf }) {
			return false
		}
	}
	return true
}

// joined is the text of spans.
func joined(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.text)
	}
	return b.String()
}
