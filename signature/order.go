package signature

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// orders remembers the names of forms that were read, as they were sent, and
// where each belongs when they are sorted. Twilio sends the parameters of one
// kind of webhook always in the same order, so nearly every form has the names
// of an earlier one, and only its values need be looked at.
type orders struct {
	known [8]order // by the number of parameters, modulo 8
	last  int      // the one that fitted last
	sent  []param
}

// order is the names of one form. Each is there once, so that its place does not
// depend on values, and each is sent as it is signed, without an escape.
type order struct {
	names  []byte // each with its "=", in the order in which they are sent
	fields []field
}

type field struct {
	size   uint16 // of the name and its "="
	sorted uint16 // its place among the sorted parameters
}

// No form of Twilio's has more parameters, or is longer, than one that is remembered.
const (
	mostRemembered    = 128
	longestRemembered = 8 << 10
)

// readAsBefore reads a body whose names are those of an earlier form, and
// reports whether it is one. What it leaves is what scan and sort would.
func (f *form) readAsBefore(body []byte) bool {
	o := &f.orders
	if f.readAs(&o.known[o.last], body) {
		return true
	}
	n := (bytes.Count(body, ampersand) + 1) % len(o.known)
	if n == o.last || !f.readAs(&o.known[n], body) {
		return false
	}
	o.last = n
	return true
}

// readAs reads a body that has the names of a known form.
func (f *form) readAs(known *order, body []byte) bool {
	n := len(known.fields)
	if n == 0 {
		return false
	}
	f.load(body)
	if cap(f.params) < n {
		f.params = make([]param, n)
	}
	f.params = f.params[:n]
	text, params, at, from := f.text, f.params, 0, 0
	for _, field := range known.fields {
		size := int(field.size)
		value := at + size
		if value >= f.size || !equalAt(text, at, known.names, from, size) {
			return false
		}
		from += size
		start, end := value, nextMark(text, value)
		next := end + 1
		if text[end] != '&' {
			start, end, next = readEscaped(text, start, end)
		}
		params[field.sorted] = param{0, span{uint32(at), uint32(value - 1)}, span{uint32(start), uint32(end)}}
		at = next
	}
	return at == f.size
}

// equalAt reports whether n bytes are the same in two texts, each at its place.
// At least two words follow each place.
func equalAt(a []byte, i int, b []byte, j, n int) bool {
	const word = 8
	if n > 2*word {
		return string(a[i:i+n]) == string(b[j:j+n])
	}
	differ := wordAt(a, i) ^ wordAt(b, j)
	if n < word {
		return differ<<(8*(word-n)) == 0
	}
	rest := wordAt(a, i+word) ^ wordAt(b, j+word)
	return differ|rest<<(8*(2*word-n)) == 0
}

var ampersand = []byte("&")

// readEscaped decodes a value that begins at start, in place, and returns where it is and where the next pair begins. Its first escape may
// be the byte at a place. load has put an "&" at the end.
func readEscaped(text []byte, start, at int) (_, end, next int) {
	if at == start && text[at] == '%' && text[at+1] == '2' && text[at+2] == 'B' { // a telephone number: its "+" moves to its digits
		start += 2
		text[start] = '+'
		at = nextMark(text, start+1)
	}
	removed, run := 0, 0 // bytes that escapes took out, and where the last ended
	for ; text[at] != '&'; at = nextMark(text, at) {
		c := text[at]
		at++
		if c == '+' {
			text[at-1] = ' '
		}
		if c != '%' {
			continue
		}
		hi, lo := unhex(text[at]), unhex(text[at+1])
		if hi|lo < 0 {
			continue // it means itself
		}
		if removed > 0 {
			copy(text[run-removed:], text[run:at-1])
		}
		text[at-1-removed] = byte(hi<<4 | lo)
		removed += 2
		at += 2
		run = at
	}
	if removed > 0 {
		copy(text[run-removed:], text[run:at])
	}
	return start, at - removed, at + 1
}

// nextMark is where the next byte is that may not mean itself, from a place on.
func nextMark(text []byte, at int) int {
	for {
		if marks := escapeBytes(wordAt(text, at)); marks != 0 {
			return at + bits.TrailingZeros64(marks)/8
		}
		at += 8
	}
}

// escapeBytes marks, at their highest bit, those of eight bytes that are
// between "%" and "+": both, "&", and others that are in no form of Twilio's.
func escapeBytes(w uint64) uint64 {
	const ones = 0x0101010101010101
	low := w & (0x7f * ones)
	return (low + (0x80-'%')*ones) &^ (low + (0x80-'+'-1)*ones) &^ w & (0x80 * ones)
}

// remember keeps the names of a form that was read the long way.
func (f *form) remember(body []byte, sent []param) {
	if len(f.params) != len(sent) || len(sent) > mostRemembered || len(body) > longestRemembered {
		return
	}
	known := &f.orders.known[len(sent)%len(f.orders.known)]
	known.names, known.fields = known.names[:0], known.fields[:0]
	for _, p := range sent {
		name := body[p.name.start:p.value.start]
		if p.name.end+1 != p.value.start || string(name[:len(name)-1]) != string(f.name(p)) { // escaped, or without "="
			known.fields = known.fields[:0]
			return
		}
		known.names = append(known.names, name...)
		known.fields = append(known.fields, field{size: uint16(len(name))})
	}
	for i, p := range f.params {
		if i > 0 && string(f.name(f.params[i-1])) == string(f.name(p)) {
			known.fields = known.fields[:0]
			return
		}
		from, _ := slices.BinarySearchFunc(sent, p.name.start, func(q param, start uint32) int {
			return cmp.Compare(q.name.start, start)
		})
		known.fields[from].sorted = uint16(i)
	}
	known.names = append(known.names, make([]byte, wide)...) // to be read in whole words
}

// wordAt is the eight bytes at a place. The capacity is bounded too, since the compiler then makes a single load of it.
func wordAt(text []byte, at int) uint64 {
	return binary.LittleEndian.Uint64(text[at : at+8 : at+8])
}
