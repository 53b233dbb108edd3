package signature

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// form is the parameters of one body, parsed without a map so that nothing is
// allocated once its slices have grown. It holds no pointer into the body.
type form struct {
	params []param
	text   []byte // a copy of the body, decoded in place
	size   int    // how much of the text is in use; zeros follow
	orders orders
}

// param is one parameter, by its places in the text.
type param struct {
	order       uint64 // the first eight bytes of the name, as a number
	name, value span
}

// span is a place in the text. It is a type so that a param has few enough
// fields to be kept in registers.
type span struct{ start, end uint32 }

func (s span) len() int { return int(s.end - s.start) }

func (f *form) name(p param) []byte  { return f.text[p.name.start:p.name.end] }
func (f *form) value(p param) []byte { return f.text[p.value.start:p.value.end] }

// parse reads application/x-www-form-urlencoded bytes the way [ParseForm] does.
//
// The parameters end up in the order in which they are signed: by name in byte
// order, a repeated name by its values, equal values once.
func (f *form) parse(body []byte) {
	if f.readAsBefore(body) {
		return
	}
	f.scan(body)
	sent := append(f.orders.sent[:0], f.params...)
	f.sort()
	f.orders.sent = sent
	f.remember(body, sent)
}

// wide is how many bytes are copied at once.
const wide = 16

// block is how many bytes of the text are looked at together. The text ends
// with at least one block of zeros, so that a whole block can always be read.
const block = 64

// scan sets params to the pairs of s in their order.
func (f *form) scan(s []byte) {
	f.params = f.params[:0]
	f.load(s)
	text, params := f.text, f.params
	var (
		name, nameEnd, value int // where the pair's pieces begin and end
		named                bool
		removed, run         int // bytes that escapes took out of this piece, and where the last ended
	)
	for base := 0; base < f.size; base += block {
		// Most bytes mean themselves: look only at those that may not.
		marks := specialBytes((*[block]byte)(text[base:]))
		if rest := f.size - base; rest < block {
			marks &= 1<<rest - 1
		}
		for ; marks != 0; marks &= marks - 1 {
			at := base + bits.TrailingZeros64(marks)
			c := text[at]
			switch {
			case c == '=' && !named:
				if removed > 0 {
					copy(text[run-removed:], text[run:at])
				}
				named, nameEnd, value, removed = true, at-removed, at+1, 0
			case c == '&':
				end := at - removed
				if removed > 0 {
					copy(text[run-removed:], text[run:at])
					removed = 0
				}
				if !named {
					nameEnd, value = end, end
				}
				if named || at > name {
					params = append(params, param{orderOf(text[name:], nameEnd-name),
						span{uint32(name), uint32(nameEnd)}, span{uint32(value), uint32(end)}})
				}
				name, named = at+1, false
			case c == '+':
				text[at] = ' '
			case c == '%':
				hi, lo := unhex(text[at+1]), unhex(text[at+2])
				if hi|lo < 0 {
					continue // it means itself
				}
				if removed > 0 {
					copy(text[run-removed:], text[run:at])
				}
				text[at-removed] = byte(hi<<4 | lo)
				removed += 2
				run = at + 3
			}
		}
	}
	f.params = params
}

// load copies the body, since decoding writes to it. The end of the text is the
// end of a pair.
func (f *form) load(s []byte) {
	size := (len(s)/block + 2) * block
	if cap(f.text) < size {
		f.text = make([]byte, size)
	}
	f.text = f.text[:size]
	copy(f.text, s)
	clear(f.text[len(s):])
	f.text[len(s)] = '&'
	f.size = len(s) + 1
}

// specialBytes has a bit for each byte of a block that may be one of "&=%+".
func specialBytes(b *[block]byte) uint64 {
	return special(b[0:8]) | special(b[8:16])<<8 | special(b[16:24])<<16 | special(b[24:32])<<24 |
		special(b[32:40])<<32 | special(b[40:48])<<40 | special(b[48:56])<<48 | special(b[56:64])<<56
}

// special looks at eight bytes at once. Of ASCII it marks 0x20 to 0x2f ("&", "%",
// "+", and little else that is in a form), 0x3c to 0x3f ("="), and controls.
func special(b []byte) uint64 {
	const ones = 0x0101010101010101
	w := binary.LittleEndian.Uint64(b)
	marks := ^(w >> 6) & (^(w >> 4) | w>>3&(w>>2)) & ones
	return marks * 0x0102040810204080 >> 56 // the lowest bits side by side
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// orderOf packs the first eight bytes of a name of length n, so that most
// comparisons are one of two numbers. A shorter name is filled up with zeros.
func orderOf(text []byte, n int) uint64 {
	return binary.BigEndian.Uint64(text) &^ (^uint64(0) >> (8 * uint(n)))
}

// add appends a decoded parameter; sort has to follow.
func (f *form) add(name, value string) {
	start := len(f.text)
	f.text = append(append(f.text, name...), value...)
	nameEnd, end := start+len(name), len(f.text)
	f.text = append(f.text, make([]byte, wide)...) // to be read in whole words
	f.params = append(f.params, param{orderOf(f.text[start:], len(name)),
		span{uint32(start), uint32(nameEnd)}, span{uint32(nameEnd), uint32(end)}})
}

// appendSigned appends names and values as they are signed. Most are short, so
// they are copied sixteen bytes at a time; the next copy overwrites what was too much.
func (f *form) appendSigned(dst []byte) []byte {
	n, text := len(dst), f.text
	dst = slices.Grow(dst, len(text)+block)
	dst = dst[:cap(dst)]
	for i := range f.params {
		p := &f.params[i]
		n = appendPiece(dst, n, text, p.name)
		n = appendPiece(dst, n, text, p.value)
	}
	return dst[:n]
}

// appendPiece copies a name or a value to a place, and returns where it ends.
func appendPiece(dst []byte, to int, text []byte, from span) int {
	n := from.len()
	copyWide(dst, to, text, int(from.start))
	if n > wide {
		copy(dst[to+wide:], text[from.start+wide:from.end])
	}
	return to + n
}

// copyWide copies so many bytes, whose number the compiler knows.
func copyWide(dst []byte, to int, src []byte, from int) {
	*(*[wide]byte)(dst[to : to+wide : to+wide]) = [wide]byte(src[from : from+wide : from+wide])
}

// lookup returns the first value of a name that parse has sorted, and whether
// there is another one that differs.
func (f *form) lookup(name string) (value []byte, several bool) {
	for i, p := range f.params {
		if string(f.name(p)) == name {
			next := i + 1
			return f.value(p), next < len(f.params) && string(f.name(f.params[next])) == name
		}
	}
	return nil, false
}

// queryParam is lookup in a raw query. It overwrites the form.
func (f *form) queryParam(query []byte, name string) (value []byte, several bool) {
	if bytes.IndexByte(query, '%') < 0 && (name != "" && bytes.IndexByte(query, name[0]) < 0 || !bytes.Contains(query, []byte(name))) {
		return nil, false
	}
	f.scan(query)
	found := false
	for _, p := range f.params {
		switch {
		case string(f.name(p)) != name:
		case !found:
			value, found = f.value(p), true
		case !bytes.Equal(value, f.value(p)):
			several = true
		}
	}
	f.params = f.params[:0]
	return value, several
}
