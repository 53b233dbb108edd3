package console

import (
	"strings"
	"testing"
)

// bracketed writes what is only in one text in brackets.
func bracketed(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		if s.class != "" {
			b.WriteString("[" + s.text + "]")
		} else {
			b.WriteString(s.text)
		}
	}
	return b.String()
}

func TestDifferenceOfTwoTextsIsMarkedWhereItIs(t *testing.T) {
	for _, tc := range [][4]string{
		{"https://a.example/x?c=1", "http://a.example/x?c=1", "http[s]://a.example/x?c=1", "http://a.example/x?c=1"},
		{"https://a.example/x", "https://b.example:8443/x", "https://[a].example/x", "https://[b].example[:8443]/x"},
		{"https://a.example/calls/api/x", "https://a.example/api/x", "https://a.example/[calls/]api/x", "https://a.example/api/x"},
		{"same", "same", "same", "same"},
		{"", "new", "", "[new]"},
		{"größe=1", "grüße=1", "gr[ö]ße=1", "gr[ü]ße=1"},
	} {
		here, there := compareTexts(tc[0], tc[1])
		if bracketed(here) != tc[2] || bracketed(there) != tc[3] {
			t.Errorf("%q and %q: %s and %s", tc[0], tc[1], bracketed(here), bracketed(there))
		}
	}
}

func FuzzCompareTexts(f *testing.F) {
	f.Add("https://a/", "http://a/")
	f.Add("\xff\x00", "ö")
	f.Fuzz(func(t *testing.T, a, b string) {
		here, there := compareTexts(a, b)
		if joined(here) != a && strings.ToValidUTF8(a, "") == a || joined(there) != b && strings.ToValidUTF8(b, "") == b {
			t.Errorf("%q is shown as %q, %q as %q", a, joined(here), b, joined(there))
		}
	})
}
