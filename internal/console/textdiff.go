package console

import "unicode/utf8"

// The classes of the spans of two texts that are compared.
const (
	onlyHere  = "only-here"
	onlyThere = "only-there"
)

// maxCompared bounds the texts that are compared piece by piece, in pieces.
const maxCompared = 600

// compareTexts marks what is only in one of two texts. It compares words and single other characters, and within one word that
// stands for another its characters from both ends.
func compareTexts(a, b string) (here, there []span) {
	x, y := textPieces(a), textPieces(b)
	if len(x) > maxCompared || len(y) > maxCompared {
		return differingMiddle(a, b)
	}
	// common[i][j] is how many pieces x[i:] and y[j:] have in common, in order.
	common := make([][]int, len(x)+1)
	for i := range common {
		common[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		if i < len(x) && j < len(y) && x[i] == y[j] {
			here, there = appendSpan(here, "", x[i]), appendSpan(there, "", y[j])
			i, j = i+1, j+1
			continue
		}
		// What differs until the next piece that both have.
		only, other := "", ""
		for i < len(x) || j < len(y) {
			if i < len(x) && j < len(y) && x[i] == y[j] {
				break
			}
			if j == len(y) || i < len(x) && common[i+1][j] >= common[i][j+1] {
				only, i = only+x[i], i+1
			} else {
				other, j = other+y[j], j+1
			}
		}
		p, q := differingMiddle(only, other)
		for _, s := range p {
			here = appendSpan(here, s.class, s.text)
		}
		for _, s := range q {
			there = appendSpan(there, s.class, s.text)
		}
	}
	return here, there
}

// differingMiddle marks what is between the common beginning and the common end of two texts.
func differingMiddle(a, b string) (here, there []span) {
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	for start > 0 && (start < len(a) && !utf8.RuneStart(a[start]) || start < len(b) && !utf8.RuneStart(b[start])) {
		start--
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	for end > 0 && !utf8.RuneStart(a[len(a)-end]) {
		end--
	}
	mark := func(text, class string) (list []span) {
		list = appendSpan(list, "", text[:start])
		list = appendSpan(list, class, text[start:len(text)-end])
		return appendSpan(list, "", text[len(text)-end:])
	}
	return mark(a, onlyHere), mark(b, onlyThere)
}

// appendSpan puts a text behind spans; neighbours of one class are one.
func appendSpan(list []span, class, text string) []span {
	if text == "" {
		return list
	}
	if n := len(list); n > 0 && list[n-1].class == class {
		list[n-1].text += text
		return list
	}
	return append(list, span{class, text})
}

// textPieces are the words of a text, and each other character by itself.
func textPieces(text string) []string {
	var pieces []string
	start := 0
	for at, r := range text {
		word := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf
		if !word {
			if start < at {
				pieces = append(pieces, text[start:at])
			}
			pieces = append(pieces, string(r))
			start = at + len(string(r))
		}
	}
	if start < len(text) {
		pieces = append(pieces, text[start:])
	}
	return pieces
}
