package signature

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Cause is one reason why a request was not verified.
type Cause struct {
	Kind CauseKind
	// Text says what is wrong and what to do about it. It holds no token, no
	// signature and nothing of the body.
	Text string
	// Proven: with this undone, and the other proven causes of the same answer,
	// the signature fits a known token. Otherwise it is a suspicion.
	Proven bool
}

// CauseKind names a cause for programs. Kinds are added, never renamed.
type CauseKind string

// The kinds, most frequent first.
const (
	CauseScheme      CauseKind = "scheme"       // http for https, or the reverse
	CauseHost        CauseKind = "host"         // another public URL is configured at Twilio
	CauseToken       CauseKind = "token"        // another token than the one for this account
	CauseAccount     CauseKind = "account"      // an account without a token
	CauseQuery       CauseKind = "query"        // the query was rewritten on its way
	CausePath        CauseKind = "path"         // the path was rewritten on its way
	CausePort        CauseKind = "port"         // a port that is not in the configured URL
	CauseBody        CauseKind = "body"         // body parameters changed, added or lost
	CauseMethod      CauseKind = "method"       // GET and POST mixed up
	CauseBodyHash    CauseKind = "body-hash"    // the JSON body is not the one that was hashed
	CauseContentType CauseKind = "content-type" // the type of the body changed on its way
	CauseSigner      CauseKind = "signer"       // a tool that signs another way than Twilio
	CauseWebSocket   CauseKind = "websocket"    // a handshake's wss URL
	CauseHeader      CauseKind = "header"       // no signature, or not one
	CauseMalformed   CauseKind = "malformed"    // a request that Twilio does not send
	CauseUnknown     CauseKind = "unknown"      // forged, or signed with an unknown token
)

// Suspects are what else [Verifier.Explain] tries: knowledge that may help to
// find out what is wrong, but that no verdict may rely on.
type Suspects struct {
	// URLs are other public base URLs, such as the request's own Host, what
	// X-Forwarded-* says, or an old tunnel's name.
	URLs []string
	// Tokens are other tokens, such as the previous one, those of other regions,
	// or an API key's secret.
	Tokens []string
}

// maxDeviations is how many things are taken to be wrong together. More would
// multiply the work, and nobody could tell them apart.
const maxDeviations = 2

// Explain tells why a request is not verified, most likely cause first: each of
// the known ways in which a signature goes wrong is undone, alone and then
// together with one other, and the HMAC computed again. It returns nil for a
// request that is verified. It is for a person at a console, not for every
// rejected request: it may compute thousands of signatures.
func (v *Verifier) Explain(req Request, suspects Suspects) []Cause {
	_, err := v.Verify(req)
	if err == nil {
		return nil
	}
	causes := causesOf(err)
	if errors.Is(err, ErrNoToken) || errors.Is(err, ErrMissingHeader) || errors.Is(err, ErrMalformedTarget) || errors.Is(err, ErrBodyHashMismatch) {
		return causes
	}
	if len(req.Signature) != signatureLen {
		return append(causes, Cause{CauseHeader, "the header is no signature: those have 28 characters of base64; was it cut, quoted or joined with another?", false})
	}
	proven := v.newDoctor(req, suspects).search()
	causes = append(proven, causes...)
	if len(causes) == 0 {
		causes = append(causes, Cause{CauseUnknown, "nothing that is known to go wrong explains this signature: the request is forged, or it is signed with a token " +
			"that is not configured here, such as another account's, another region's or a rotated one", false})
	}
	return causes
}

// causesOf is what the verdict alone says.
func causesOf(err error) []Cause {
	var rejected *RejectError
	errors.As(err, &rejected)
	switch {
	case errors.Is(err, ErrNoToken):
		return []Cause{{CauseToken, "no token is configured here", false}}
	case errors.Is(err, ErrMissingHeader):
		return []Cause{{CauseHeader, "no " + Header + ": not from Twilio, or a CDN, firewall or proxy removed the header, " +
			"or it is the first leg of Basic authentication", false}}
	case errors.Is(err, ErrBodyHashMismatch):
		return []Cause{{CauseBodyHash, "Twilio signed this URL, but for another body: verify the raw bytes, before anything parses or prints them again", true}}
	case errors.Is(err, ErrUnsignedBody):
		return []Cause{{CauseContentType, "the body is covered by nothing: it is no form, and the URL has no bodySHA256; was the Content-Type or the query changed?", false}}
	case errors.Is(err, ErrUnknownAccount):
		return []Cause{{CauseAccount, "no token is configured for account " + maskOr(rejected.AccountSid, "(not shaped like one)") + ": subaccounts sign with their own", false}}
	case errors.Is(err, ErrMalformedBody), errors.Is(err, ErrMalformedTarget):
		return []Cause{{CauseMalformed, "Twilio sends no such request: " + rejected.detail, false}}
	}
	return nil
}

func maskOr(sid, otherwise string) string {
	if sid == "" {
		return otherwise
	}
	return maskAccount(sid)
}

// doctor holds the options of one explanation, in the order in which a message
// is put together. The first option of each is the request as it should be.
type doctor struct {
	keys     []option[key]
	prefixes []option[string]
	targets  []option[string]
	params   []option[[]byte]

	signature []byte
	mac       mac
	buffer    []byte
}

// option is one possibility and what would have gone wrong for it to be true.
type option[T any] struct {
	value  T
	causes []Cause
}

// search tries the combinations with the fewest deviations first and returns
// the causes of the first that fit, the most frequent kind first.
func (d *doctor) search() []Cause {
	for n := range maxDeviations + 1 {
		if causes, found := d.searchAt(n); found {
			for i := range causes {
				causes[i].Proven = true
			}
			return causes
		}
	}
	return nil
}

func (d *doctor) searchAt(deviations int) ([]Cause, bool) {
	for _, params := range d.params {
		for _, target := range d.targets {
			for _, prefix := range d.prefixes {
				left := deviations - len(params.causes) - len(target.causes) - len(prefix.causes)
				if left < 0 || left > 1 {
					continue // a key is at most one deviation
				}
				d.buffer = append(append(append(d.buffer[:0], prefix.value...), target.value...), params.value...)
				for i := range d.keys {
					k := &d.keys[i]
					if len(k.causes) == left && d.fits(&k.value) {
						return slices.Concat(prefix.causes, k.causes, target.causes, params.causes), true
					}
				}
			}
		}
	}
	return nil, false
}

func (d *doctor) fits(k *key) bool {
	d.mac.start(k)
	d.mac.write(d.buffer)
	return d.mac.equals(k, d.signature)
}

// newDoctor lists the options. Those that a verdict tolerates are no deviation.
func (v *Verifier) newDoctor(req Request, suspects Suspects) *doctor {
	d := &doctor{mac: newMAC(), signature: []byte(req.Signature)}
	var t target
	t.set(req.Target) // Verify has accepted it
	d.addKeys(v, req, suspects)
	d.addPrefixes(v, req, suspects)
	d.addTargets(&t, req)
	d.addParams(&t, req)
	return d
}

func (d *doctor) addKeys(v *Verifier, req Request, suspects Suspects) {
	s := newScratch()
	s.target.set(req.Target)
	_ = s.readParams(&req) // a body that cannot be read names no account
	chosen, _ := v.candidates(s, &req)
	for _, a := range chosen {
		for _, k := range a.keys {
			d.keys = append(d.keys, option[key]{k, nil})
		}
	}
	for _, a := range v.accounts {
		if slices.ContainsFunc(chosen, func(c account) bool { return c.sid == a.sid }) {
			continue
		}
		for i, k := range a.keys {
			d.keys = append(d.keys, option[key]{k, []Cause{{CauseToken, fmt.Sprintf(
				"signed with token %d of account %s, which is not the account that the request names", i+1, maskOr(a.sid, "(default)")), false}}})
		}
	}
	for i, token := range suspects.Tokens {
		d.keys = append(d.keys, option[key]{newKey(token), []Cause{{CauseToken, fmt.Sprintf(
			"signed with suspected token %d, which is not configured", i+1), false}}})
		if trimmed := strings.TrimSpace(token); trimmed != token {
			d.keys = append(d.keys, option[key]{newKey(trimmed), []Cause{{CauseToken, fmt.Sprintf(
				"signed with suspected token %d without the white space around it", i+1), false}}})
		}
	}
}
