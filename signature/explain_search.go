package signature

import (
	"cmp"
	"slices"
	"strings"
)

// What a deviation weighs. The sum of an attempt is at most maxWeight: nothing
// wrong, one common or rare thing, two common ones, or a common and a rare one.
// More would multiply the work, and nobody could tell them apart.
const (
	common    = 2
	rare      = 3
	alone     = 5 // one of many guesses, which is not combined with anything else
	maxWeight = 5
)

// maxHashed bounds the bytes that one explanation hashes. perHash stands for
// the blocks of the key and the padding.
const (
	maxHashed = 32 << 20
	perHash   = 192
)

// option is one possibility for a part of the signed text, and what went
// wrong if it is true.
type option struct {
	text   string
	weight int
	causes []Cause
	pairs  []pair // of parameters: what text is made of, for display
	base   bool   // of paths: what is before the received path belongs into the public base URL
	origin origin // of origins
}

// keyOption is a token.
type keyOption struct {
	key    key
	weight int
	causes []Cause
}

// signed is a signature, the whole or the beginning of one.
type signed struct {
	text   []byte
	weight int
	causes []Cause
}

// maxOptions bounds the options of one part, each of which is compared with the others.
const maxOptions = 2 << 10

// options of one part, each text once.
type options struct {
	list []option
	at   map[string]int
}

// add keeps the lighter of two options with the same text.
func (l *options) add(o option) {
	if o.weight > maxWeight || len(l.list) >= maxOptions {
		return
	}
	if l.at == nil {
		l.at = map[string]int{}
	}
	if i, there := l.at[o.text]; there {
		if o.weight < l.list[i].weight {
			l.list[i] = o
		}
		return
	}
	l.at[o.text] = len(l.list)
	l.list = append(l.list, o)
}

// sorted are the options by ascending weight.
func (l *options) sorted() []option {
	slices.SortStableFunc(l.list, func(a, b option) int { return cmp.Compare(a.weight, b.weight) })
	return l.list
}

// reading is one way to take the request: as it came, or with its body decoded
// first, and so on. Each has options of its own, also of the tokens, since the
// account is named in the body.
type reading struct {
	weight                          int
	causes                          []Cause
	origins, paths, queries, params []option
	keys                            []keyOption
	received                        string // the path
}

// explainer searches for the text that was signed.
type explainer struct {
	request    Request
	signatures []signed
	readings   []reading

	mac       mac
	buffer    []byte
	tried     int
	hashed    int
	limit     int
	exhausted bool
}

// finding is a text of which the signature was found.
type finding struct {
	reading                     *reading
	origin, path, query, params option
	more                        []Cause // of the token and of the header
}

// search tries the lightest attempts first, and at last what has to be guessed:
// there are many guesses, which are made only if nothing else fits.
func (x *explainer) search() *finding {
	for total := 0; total <= maxWeight; total++ {
		for i := range x.readings {
			r := &x.readings[i]
			if r.weight > total {
				continue
			}
			if f := x.at(r, total-r.weight); f != nil || x.exhausted {
				return f
			}
		}
	}
	if len(x.readings) == 0 {
		return nil
	}
	r := &x.readings[0]
	r.params = guessOptions(x.request)
	for total := rare; total <= maxWeight; total++ {
		if f := x.at(r, total); f != nil || x.exhausted {
			return f
		}
	}
	return nil
}

// at tries what weighs exactly total.
func (x *explainer) at(r *reading, total int) *finding {
	for i := range r.params {
		params := &r.params[i]
		left := total - params.weight
		if left < 0 {
			break
		}
		for j := range r.queries {
			query := &r.queries[j]
			left := left - query.weight
			if left < 0 {
				break
			}
			for k := range r.paths {
				path := &r.paths[k]
				left := left - path.weight
				if left < 0 {
					break
				}
				for l := range r.origins {
					origin := &r.origins[l]
					left := left - origin.weight
					if left < 0 {
						break
					}
					more, fits := x.fits(r.keys, left, origin.text, path.text, query.text, params.text)
					if fits {
						return &finding{r, *origin, *path, *query, *params, more}
					}
					if x.exhausted {
						return nil
					}
				}
			}
		}
	}
	return nil
}

// fits tries the tokens and signatures that together weigh what is left.
func (x *explainer) fits(keys []keyOption, left int, pieces ...string) ([]Cause, bool) {
	ready := false
	for i := range keys {
		k := &keys[i]
		if !slices.ContainsFunc(x.signatures, func(s signed) bool { return s.weight+k.weight == left }) {
			continue
		}
		if !ready {
			x.buffer = x.buffer[:0]
			for _, piece := range pieces {
				x.buffer = append(x.buffer, piece...)
			}
			ready = true
		}
		if x.tried >= x.limit || x.hashed > maxHashed {
			x.exhausted = true
			return nil, false
		}
		x.tried++
		x.hashed += len(x.buffer) + perHash
		x.mac.start(&k.key)
		x.mac.write(x.buffer)
		text := x.mac.text(&k.key)
		for _, s := range x.signatures {
			if s.weight+k.weight == left && equalSoFar(text, s.text) {
				return append(slices.Clip(k.causes), s.causes...), true
			}
		}
	}
	return nil, false
}

// causes are those of a finding, the most frequent kind first, with the public
// base URL that cures them.
func (f *finding) causes() []Cause {
	url := f.baseURL()
	all := slices.Concat(f.reading.causes, f.origin.causes, f.path.causes, f.more, f.query.causes, f.params.causes)
	for i := range all {
		c := &all[i]
		c.Proven = true
		if strings.Contains(c.Cure, urlPlace) {
			c.URL = url
			c.Cure = strings.ReplaceAll(c.Cure, urlPlace, url)
		}
	}
	slices.SortStableFunc(all, func(a, b Cause) int { return cmp.Compare(frequency(a.Kind), frequency(b.Kind)) })
	return all
}

// urlPlace is where the public base URL goes into a cure.
const urlPlace = "{URL}"

const setURL = "set the public base URL to " + urlPlace

// baseURL is the public base URL with which the request would be verified.
func (f *finding) baseURL() string {
	url := f.origin.origin.redacted()
	if f.path.base {
		url += strings.TrimSuffix(f.path.text, f.reading.received)
	} else if strings.HasSuffix(f.path.text, f.reading.received) {
		url += strings.TrimRight(strings.TrimSuffix(f.path.text, f.reading.received), "/")
	}
	return url
}

// frequency orders the kinds as they are listed.
func frequency(kind CauseKind) int {
	return slices.Index([]CauseKind{CauseScheme, CauseHost, CauseToken, CausePort, CausePath, CauseQuery, CauseBody, CauseEncoding, CauseMethod, CauseContentType,
		CauseUserinfo, CauseFragment, CauseSigner, CauseWebSocket, CauseHeader}, kind)
}

func newExplainer(v *Verifier, req Request, suspects Suspects) *explainer {
	x := &explainer{request: req, mac: newMAC(), limit: cmp.Or(max(suspects.Limit, 0), DefaultLimit)}
	x.addSignatures(req, suspects)
	if len(x.signatures) == 0 {
		return x // nothing to compare with
	}
	more := hintsOf(suspects)
	for _, r := range readings(req, suspects) {
		var t target
		t.set(r.req.Target) // Verify has accepted it, or it was made here
		x.readings = append(x.readings, reading{
			weight: r.weight, causes: r.causes, received: string(t.path),
			keys:    keyOptions(v, r.req, suspects),
			origins: originOptions(v, r.req, more),
			paths:   pathOptions(v, string(t.path), r.req, more),
			queries: queryOptions(&t, r.req, more),
			params:  paramOptions(&t, r.req),
		})
	}
	return x
}
