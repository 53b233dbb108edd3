package signature

import "bytes"

// candidate is one URL that may have been signed, in the pieces that it is made
// of: prefix + path + query + tail.
type candidate struct {
	variant                   Variant
	prefix, path, query, tail []byte
}

// fitsAsReceived reports whether this key gave the signature of the URL as
// received, followed by the parameters. That is nearly always the one.
func (s *scratch) fitsAsReceived(k *key) bool {
	s.mac.start(k)
	s.mac.write(s.message) // in one piece, since each write has its cost
	return s.mac.equals(k, s.signature)
}

// list fills urls with the other forms of the URL that are known to be signed,
// each once, likeliest first.
func (s *scratch) list(prefixes []prefix, req *Request) {
	t := &s.target
	s.urls = s.urls[:0]
	t.forms(bodiless(req.Method))
	s.add(prefixes[1:], 0, t.path, t.query, nil)
	s.addPaths(prefixes, 0, t.query, req)
	for _, e := range t.edits[:t.nEdits] {
		s.add(prefixes, e.variant, t.path, e.query, nil)
		s.addPaths(prefixes, e.variant, e.query, req)
	}
}

// addPaths adds what differs in the path: "https://example.com" arrives with a
// slash, and a WebSocket URL may be signed with one (Twilio: Webhooks security).
func (s *scratch) addPaths(prefixes []prefix, v Variant, query []byte, req *Request) {
	t := &s.target
	if string(t.path) == "/" {
		s.add(prefixes, v|NoSlash, nil, query, nil)
	}
	if req.WebSocket && !bytes.HasSuffix(t.text, slash) {
		s.add(prefixes, v|FinalSlash, t.path, query, slash)
	}
}

var slash = []byte("/")

func (s *scratch) add(prefixes []prefix, v Variant, path, query, tail []byte) {
	for _, p := range prefixes {
		s.urls = append(s.urls, candidate{p.variant | v, p.text, path, query, tail})
	}
}

// fits reports which of the listed URLs, followed by the parameters, this key
// gave the signature of.
func (s *scratch) fits(k *key) (Variant, bool) {
	for i := range s.urls {
		u := &s.urls[i]
		s.mac.start(k)
		s.mac.write(u.prefix)
		s.mac.write(u.path)
		s.mac.write(u.query)
		s.mac.write(u.tail)
		s.mac.write(s.params)
		if s.mac.equals(k, s.signature) {
			return u.variant, true
		}
	}
	return 0, false
}
