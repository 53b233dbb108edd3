package simulator

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
)

// wireOptions says how a request is signed and sent. The zero value is Twilio's usual way.
type wireOptions struct {
	faults      []Fault // what is unusual about it, for Delivery.Also
	token       string  // signs instead of the account's
	otherPort   bool    // signed with the other port form of its URL
	shuffle     func() shuffler
	slowRead    bool
	slowSend    bool
	unreachable int // so many attempts do not connect
	// loseResponse: the answer to the first attempt is lost, see fault_lost_response.go.
	loseResponse bool

	// The forgeries: what no application should accept.
	unsigned    bool
	tamper      bool
	otherScheme bool
	sortQuery   bool
}

// shuffler is the part of [rand.Rand] that re-encoding needs.
type shuffler interface {
	IntN(n int) int
	Shuffle(n int, swap func(i, j int))
}

// wireRequest is a request as it is sent.
type wireRequest struct {
	url       string // without fragment and userinfo
	body      string // empty for GET
	params    url.Values
	signature string // empty: unsigned
}

// build signs a request and encodes it. What is forged is changed after it was signed.
func (m wireOptions) build(token string, keepPort bool, method, target string, params url.Values) wireRequest {
	if m.token != "" {
		token = m.token
	}
	sent := params
	if m.tamper {
		sent = tampered(params)
	}
	bare := signedURL(target, true)
	p := wireRequest{url: bare, params: sent}
	honest, signed := bare, params
	if method == "GET" {
		honest, p.url, signed = withQuery(bare, params), withQuery(bare, sent), nil
	} else {
		p.body = m.encode(sent)
	}
	signing := signedURL(honest, keepPort)
	if m.otherPort {
		signing = otherPort(signing, honest)
	}
	if m.otherScheme {
		signing = otherScheme(signing)
	}
	if m.sortQuery {
		p.url = resorted(p.url)
	}
	if !m.unsigned {
		p.signature = sign(token, signing, signed)
	}
	return p
}

// encode writes a form, by default as url.Values does. Another order of the names and other percent-encoding mean the
// same parameters, so that the signature stays valid.
func (m wireOptions) encode(params url.Values) string {
	if m.shuffle == nil {
		return params.Encode()
	}
	chance := m.shuffle()
	var names []string
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	chance.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var out strings.Builder
	for _, name := range names {
		for _, value := range params[name] {
			if out.Len() > 0 {
				out.WriteByte('&')
			}
			out.WriteString(url.QueryEscape(name) + "=" + respell(chance, value))
		}
	}
	return out.String()
}

// respell percent-encodes every fourth or so of the characters that need no encoding, in lower-case hexadecimal, and blanks as %20.
func respell(chance shuffler, value string) string {
	var out strings.Builder
	for i := range len(value) {
		b := value[i]
		plain := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
		if plain && chance.IntN(4) > 0 {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "%%%02x", b)
		}
	}
	return out.String()
}

// tampered changes one parameter that an attacker would change. The call stays the same, so that only the signature shows it.
func tampered(params url.Values) url.Values {
	p := cloned(params)
	for _, change := range []struct{ name, value string }{
		{"RecordingUrl", "https://attacker.example/RE00000000000000000000000000000000"},
		{"SpeechResult", "Yes, I agree."},
		{"Digits", "1"},
		{"SequenceNumber", "99"},
		{"From", "+15550009999"},
	} {
		if p.Has(change.name) && p.Get(change.name) != change.value {
			p.Set(change.name, change.value)
			return p
		}
	}
	p.Set("Attacker", "yes")
	return p
}

// otherPort adds the port that the signed form of a URL lacks, or leaves out the one that it has. Twilio is not consistent in
// this, so validators accept both (Twilio: Webhooks security, and its helper libraries).
func otherPort(signed, wire string) string {
	scheme, authority, tail, ok := splitURL(signed)
	if !ok {
		return signed
	}
	if bare := withoutPort(authority); bare != authority {
		return scheme + "://" + bare + tail
	}
	if _, had, _, _ := splitURL(wire); had != authority {
		return scheme + "://" + had + tail
	}
	port := ":80"
	if strings.EqualFold(scheme, "https") {
		port = ":443"
	}
	return scheme + "://" + authority + port + tail
}

func otherScheme(rawURL string) string {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	if strings.EqualFold(scheme, "https") {
		return "http://" + rest
	}
	return "https://" + rest
}

// resorted puts the query in another order, as proxies and frameworks do. A query of one parameter stays as it is.
func resorted(rawURL string) string {
	path, query, ok := strings.Cut(rawURL, "?")
	if !ok {
		return rawURL
	}
	parts := strings.Split(query, "&")
	slices.Sort(parts)
	if strings.Join(parts, "&") == query {
		slices.Reverse(parts)
	}
	return path + "?" + strings.Join(parts, "&")
}

// defaultSlowness is far below all timeouts.
const defaultSlowness = 100 * time.Millisecond

// slowReader hands bytes over in eight pieces with pauses between them, all of which take about total.
type slowReader struct {
	from  io.Reader
	size  int // of a piece, in bytes
	pause func() bool
}

func newSlowReader(from io.Reader, length int, total time.Duration, wait func(time.Duration) bool) io.Reader {
	const pieces = 8
	return &slowReader{from: from, size: max(length/pieces, 1), pause: func() bool { return wait(total / pieces) }}
}

func (d *slowReader) Read(p []byte) (int, error) {
	if !d.pause() {
		return 0, io.ErrUnexpectedEOF
	}
	return d.from.Read(p[:min(len(p), d.size)])
}
