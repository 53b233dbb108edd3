package signature

import (
	"bytes"
	"strings"
)

// maxTarget bounds the request target, since every form of it is hashed before
// the sender is known. Twilio's own limit for a URL is 4,000 characters, before
// it adds a GET's parameters.
const maxTarget = 16 << 10

// target is the request target taken apart, and the forms in which its query
// may have been signed.
type target struct {
	text    []byte // what path and query point into
	path    []byte
	query   []byte // with its "?", or empty
	edits   [3]edit
	nEdits  int
	scratch [3][]byte
}

type edit struct {
	variant Variant
	query   []byte
}

// set takes the target of a request line. An absolute-form target counts from
// its path on: its host is only claimed by the sender and is not looked at. The fragment
// is cut, since Twilio never signs it. Authority form and "*" are refused.
func (t *target) set(raw string) bool {
	t.path, t.query = nil, nil
	if len(raw) > maxTarget {
		return false
	}
	if raw == "" || raw[0] != '/' {
		_, rest, found := strings.Cut(raw, "://")
		if !found || strings.ContainsAny(raw[:len(raw)-len(rest)-3], "/?#") {
			return false
		}
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			raw = rest[i:]
		} else {
			raw = ""
		}
	}
	t.text = append(t.text[:0], raw...)
	if i := bytes.IndexByte(t.text, '#'); i >= 0 {
		t.text = t.text[:i]
	}
	t.path = t.text
	if i := bytes.IndexByte(t.text, '?'); i >= 0 {
		t.path, t.query = t.text[:i], t.text[i:]
	}
	return true
}

// rawQuery is the query without its question mark.
func (t *target) rawQuery() []byte {
	if len(t.query) == 0 {
		return nil
	}
	return t.query[1:]
}

// forms fills edits with the other ways the query may have been signed: proxies
// and frameworks escape quotes that Twilio signed raw, or the reverse, and a GET
// arrives with characters escaped that were signed as they are (Twilio's
// twilio-node, issue 1059 and pull request 621).
func (t *target) forms(get bool) {
	t.nEdits = 0
	quotes := bytes.IndexByte(t.query, '\'') >= 0
	escaped := bytes.Contains(t.query, []byte("%27"))
	if quotes {
		t.add(QuotesEscaped, func(dst, q []byte) []byte {
			for _, c := range q {
				if c == '\'' {
					dst = append(dst, "%27"...)
				} else {
					dst = append(dst, c)
				}
			}
			return dst
		})
	}
	if escaped {
		t.add(QuotesUnescaped, func(dst, q []byte) []byte { return unescape(dst, q, "'") })
	}
	if get && containsEscape(t.query, "@:") {
		t.add(Unescaped, func(dst, q []byte) []byte { return unescape(dst, q, "@:'") })
	}
}

func (t *target) add(v Variant, rewrite func(dst, query []byte) []byte) {
	i := t.nEdits
	t.scratch[i] = rewrite(t.scratch[i][:0], t.query)
	t.edits[i] = edit{v, t.scratch[i]}
	t.nEdits++
}

// unescape decodes the percent-encodings of the bytes in chars and no others.
func unescape(dst, q []byte, chars string) []byte {
	for i := 0; i < len(q); i++ {
		if c, ok := escapeAt(q, i, chars); ok {
			dst = append(dst, c)
			i += 2
		} else {
			dst = append(dst, q[i])
		}
	}
	return dst
}

func containsEscape(q []byte, chars string) bool {
	for i := range q {
		if _, ok := escapeAt(q, i, chars); ok {
			return true
		}
	}
	return false
}

func escapeAt(q []byte, i int, chars string) (byte, bool) {
	if q[i] != '%' || i+2 >= len(q) {
		return 0, false
	}
	hi, lo := unhex(q[i+1]), unhex(q[i+2])
	if hi < 0 || lo < 0 {
		return 0, false
	}
	c := byte(hi<<4 | lo)
	return c, strings.IndexByte(chars, c) >= 0
}
