package signature

import (
	"bytes"
	"slices"
)

// form is the list of parameters of one body, parsed without a map so that
// nothing is allocated once its slices have grown. Names and values without an
// escape point into the body itself, the others into decoded.
type form struct {
	params  []param
	decoded []byte
}

type param struct {
	name, value []byte
}

// parse reads application/x-www-form-urlencoded bytes the way the frameworks in
// front of Twilio's own SDKs do: "a" and "a=" are both an empty value, an empty
// name is a name, empty pairs ("&&") are none, ";" is an ordinary byte. It
// reports false on a broken percent-encoding.
//
// The parameters end up in the order in which they are signed: by name in byte
// order, a repeated name by its values, equal values once.
func (f *form) parse(body []byte) bool {
	f.params = f.params[:0]
	// Decoding only shrinks, so decoded never moves under the params.
	f.decoded = slices.Grow(f.decoded[:0], len(body))
	for len(body) > 0 {
		pair := body
		if i := bytes.IndexByte(body, '&'); i >= 0 {
			pair, body = body[:i], body[i+1:]
		} else {
			body = nil
		}
		if len(pair) == 0 {
			continue
		}
		p, ok := f.decodePair(pair)
		if !ok {
			return false
		}
		f.params = append(f.params, p)
	}
	f.sort()
	return true
}

func (f *form) decodePair(pair []byte) (p param, ok bool) {
	p.name = pair
	if i := bytes.IndexByte(pair, '='); i >= 0 {
		p.name, p.value = pair[:i], pair[i+1:]
	}
	if p.name, ok = f.decode(p.name); !ok {
		return p, false
	}
	p.value, ok = f.decode(p.value)
	return p, ok
}

// decode undoes "+" and percent-encoding. Only values that need it are copied.
func (f *form) decode(s []byte) ([]byte, bool) {
	i := 0
	for i < len(s) && s[i] != '%' && s[i] != '+' {
		i++
	}
	if i == len(s) {
		return s, true
	}
	start := len(f.decoded)
	out := append(f.decoded, s[:i]...)
	for i < len(s) {
		c := s[i]
		switch c {
		case '%':
			if i+2 >= len(s) {
				return nil, false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 0 || lo < 0 {
				return nil, false
			}
			c = byte(hi<<4 | lo)
			i += 2
		case '+':
			c = ' '
		}
		out = append(out, c)
		i++
	}
	f.decoded = out
	return out[start:len(out):len(out)], true
}

// sort orders by name, then value, and drops pairs that are there twice. Name
// and value are compared one after the other and never joined: "Reason" comes
// before "ReasonConferenceEnded" whatever its value.
func (f *form) sort() {
	if !slices.IsSortedFunc(f.params, compareParams) {
		slices.SortFunc(f.params, compareParams)
	}
	f.params = slices.CompactFunc(f.params, func(a, b param) bool {
		return bytes.Equal(a.name, b.name) && bytes.Equal(a.value, b.value)
	})
}

func compareParams(a, b param) int {
	if c := bytes.Compare(a.name, b.name); c != 0 {
		return c
	}
	return bytes.Compare(a.value, b.value)
}

// appendSigned appends names and values as they are signed.
func (f *form) appendSigned(dst []byte) []byte {
	for _, p := range f.params {
		dst = append(dst, p.name...)
		dst = append(dst, p.value...)
	}
	return dst
}

// lookup returns the values of a name that parse has sorted: the first, and
// whether there is another one that differs.
func (f *form) lookup(name string) (value []byte, several bool) {
	for i, p := range f.params {
		if string(p.name) == name {
			next := i + 1
			return p.value, next < len(f.params) && string(f.params[next].name) == name
		}
	}
	return nil, false
}

// forget drops every reference to the body, which is not ours to keep.
func (f *form) forget() {
	clear(f.params)
	f.params = f.params[:0]
}

// queryParam finds a name in a raw query, decoded. A pair with a broken
// encoding is passed over, as net/url does, since Twilio signs a query raw and
// never looks into it.
func (f *form) queryParam(query []byte, name string) (value []byte, several bool) {
	f.decoded = slices.Grow(f.decoded[:0], len(query))
	found := false
	for len(query) > 0 {
		pair := query
		if i := bytes.IndexByte(query, '&'); i >= 0 {
			pair, query = query[:i], query[i+1:]
		} else {
			query = nil
		}
		p, ok := f.decodePair(pair)
		if !ok || string(p.name) != name {
			continue
		}
		if !found {
			value, found = p.value, true
		} else if !bytes.Equal(value, p.value) {
			several = true
		}
	}
	return value, several
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
