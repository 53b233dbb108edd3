package explain

import (
	"fmt"
	"io"
	"strings"

	"github.com/i-agent/iagent/signature"
)

// Write prints the report for a person: the causes with their cures, and the two texts with the difference marked.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	if r.Verified {
		fmt.Fprintf(&b, "verified: %s\n", r.By)
		_, err := io.WriteString(w, b.String())
		return err
	}
	b.WriteString("not verified\n")
	for _, c := range r.Causes {
		state := "suspected"
		if c.Proven {
			state = "proven"
		}
		fmt.Fprintf(&b, "\n%s (%s): %s\n", c.Kind, state, c.Text)
		if c.Cure != "" {
			fmt.Fprintf(&b, "  cure: %s\n", c.Cure)
		}
	}
	b.WriteString("\n")
	if r.Signed == nil {
		writeExpected(&b, r.Expected)
	} else {
		writeDifference(&b, *r.Signed, r.Expected)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeExpected(b *strings.Builder, t signature.Text) {
	fmt.Fprintf(b, "expected  %s\n", t.URL)
	for _, p := range t.Params {
		fmt.Fprintf(b, "          %s\n", show(p))
	}
	b.WriteString("signed    (not known: values are masked until that is proven)\n")
}

func show(p signature.Param) string {
	if p.Masked {
		return fmt.Sprintf("%s=… (%d bytes)", p.Name, p.Length)
	}
	return fmt.Sprintf("%s=%q", p.Name, p.Value)
}

// writeDifference marks what differs: ^ below the URLs, - and + before parameters that are only signed or only expected.
func writeDifference(b *strings.Builder, signed, expected signature.Text) {
	fmt.Fprintf(b, "signed    %s\n", signed.URL)
	mark(b, signed.URL, expected.URL)
	fmt.Fprintf(b, "expected  %s\n", expected.URL)
	mark(b, expected.URL, signed.URL)
	if len(signed.Params)+len(expected.Params) == 0 {
		return
	}
	b.WriteString("followed by (- only signed, + only expected)\n")
	left, right := signed.Params, expected.Params
	for len(left)+len(right) > 0 {
		switch {
		case len(left) > 0 && len(right) > 0 && left[0] == right[0]:
			fmt.Fprintf(b, "          %s\n", show(left[0]))
			left, right = left[1:], right[1:]
		case len(left) > 0 && (len(right) == 0 || left[0].Name <= right[0].Name):
			fmt.Fprintf(b, "        - %s\n", show(left[0]))
			left = left[1:]
		default:
			fmt.Fprintf(b, "        + %s\n", show(right[0]))
			right = right[1:]
		}
	}
}

// delimiters separate the words of a URL.
const delimiters = ":/?&="

// mark underlines what of text is not at the beginning or at the end of other, too.
func mark(b *strings.Builder, text, other string) {
	if text == other {
		return
	}
	from := 0
	for from < min(len(text), len(other)) && text[from] == other[from] {
		from++
	}
	end := 0
	for end < min(len(text), len(other))-from && text[len(text)-1-end] == other[len(other)-1-end] {
		end++
	}
	// Whole words: "https" and not its last letter.
	for from > 0 && !strings.ContainsRune(delimiters, rune(text[from-1])) {
		from--
	}
	for end > 0 && !strings.ContainsRune(delimiters, rune(text[len(text)-end])) {
		end--
	}
	fmt.Fprintf(b, "          %s%s\n", strings.Repeat(" ", from), strings.Repeat("^", max(1, len(text)-from-end)))
}
