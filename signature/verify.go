package signature

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
)

// Request is what of an HTTP request takes part in the verdict.
type Request struct {
	Method string
	// Target is the request target byte for byte as on the request line, such
	// as "/voice?callId=1": [http.Request.RequestURI], never a parsed URL.
	Target string
	// ContentType is the Content-Type header. Only
	// application/x-www-form-urlencoded bodies are signed by their parameters.
	ContentType string
	// Signature is the X-Twilio-Signature header.
	Signature string
	// Body is the raw body. It is not kept.
	Body []byte
	// WebSocket marks the handshake of a WebSocket (Media Streams), which is
	// signed with the wss URL.
	WebSocket bool
}

// Match says which of several possibilities was the signed one.
type Match struct {
	// AccountSid is the account whose token signed: proven, unlike the
	// parameter of that name. Empty for a default account without a name.
	AccountSid string
	// Token is 0 for the account's primary token, 1 for its secondary. Anything
	// but 0 outside a rotation means that the configured order is stale.
	Token int
	// Variant is the form of the URL that was signed. Anything but 0 means that
	// the public URL could be configured better.
	Variant Variant
}

// VerifyRequest is [Verifier.Verify] for a server's request whose body has been
// read. It looks at no other header than the signature, Content-Type and
// Upgrade.
func (v *Verifier) VerifyRequest(r *http.Request, body []byte) (Match, error) {
	return v.Verify(requestOf(r, body))
}

func requestOf(r *http.Request, body []byte) Request {
	return Request{
		Method:      r.Method,
		Target:      r.RequestURI,
		ContentType: r.Header.Get("Content-Type"),
		Signature:   r.Header.Get(Header),
		Body:        body,
		WebSocket:   r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket"),
	}
}

// Verify reports which token signed the request, or why none did: the error is
// a [*RejectError]. It allocates nothing when the signature fits.
func (v *Verifier) Verify(req Request) (Match, error) {
	s, _ := v.scratches.Get().(*scratch)
	if s == nil {
		s = newScratch()
	}
	match, err := v.verify(s, &req)
	if s.reusable() {
		v.scratches.Put(s)
	}
	return match, err
}

func (v *Verifier) verify(s *scratch, req *Request) (Match, error) {
	if len(v.accounts) == 0 {
		return Match{}, reject(ErrNoToken, "the verifier was not made by New")
	}
	if req.Signature == "" {
		return Match{}, reject(ErrMissingHeader, "")
	}
	if !s.target.set(req.Target) {
		return Match{}, reject(ErrMalformedTarget, "not a path of at most 16 KiB")
	}
	bodyHash, severalHashes := s.form.queryParam(s.target.rawQuery(), "bodySHA256")
	if severalHashes {
		return Match{}, reject(ErrMalformedTarget, "two bodySHA256 parameters")
	}
	s.bodyHash = append(s.bodyHash[:0], bodyHash...)
	prefixes := v.prefixes
	if req.WebSocket {
		prefixes = v.wsPrefixes
	}
	if err := s.readMessage(prefixes[0].text, req); err != nil {
		return Match{}, err
	}
	accounts, err := v.candidates(s, req)
	if err != nil {
		return Match{}, err
	}
	match, err := v.search(s, req, prefixes, accounts)
	if err != nil {
		return Match{}, err
	}
	// The signature first: a mismatch here then means that Twilio did sign this
	// URL, for another body.
	if len(s.bodyHash) > 0 && !s.bodyHashFits(req.Body) {
		return Match{}, reject(ErrBodyHashMismatch, "was the body changed or parsed on its way?")
	}
	return match, nil
}

// readMessage leaves what is signed in s.message, if prefix and target are the
// URL, and the concatenation of the form parameters, its end, in s.params.
// Bytes that the signature does not cover are refused.
func (s *scratch) readMessage(prefix []byte, req *Request) error {
	s.message = append(append(s.message[:0], prefix...), s.target.text...)
	s.params, s.form.params = nil, s.form.params[:0]
	switch {
	case len(s.bodyHash) > 0, len(req.Body) == 0:
		return nil
	case bodiless(req.Method):
		return reject(ErrUnsignedBody, "a GET is signed by its URL alone")
	case !isForm(req.ContentType):
		return reject(ErrUnsignedBody, "not a form, and no bodySHA256 in the URL")
	}
	s.form.parse(req.Body)
	url := len(s.message)
	s.message = s.form.appendSigned(s.message)
	s.params = s.message[url:]
	return nil
}

// candidates chooses the accounts whose tokens are tried. The AccountSid is only
// claimed by the sender, so it narrows the choice and proves nothing. Two of them are refused: the
// holder of one account's token could sign a request that its reader takes for
// another account's.
func (v *Verifier) candidates(s *scratch, req *Request) ([]account, error) {
	var sid []byte
	var several bool
	switch {
	case len(s.form.params) > 0:
		if sid, several = s.form.lookup("AccountSid"); several {
			return nil, reject(ErrMalformedBody, "two AccountSid parameters")
		}
	case bodiless(req.Method) && !req.WebSocket:
		if sid, several = s.form.queryParam(s.target.rawQuery(), "AccountSid"); several {
			return nil, reject(ErrMalformedTarget, "two AccountSid parameters")
		}
	default:
		// JSON and WebSocket handshakes name no account: any may have signed.
		return v.accounts, nil
	}
	if i, ok := v.bySid[string(sid)]; ok {
		return v.accounts[i : i+1], nil
	}
	if len(sid) == 0 && !v.hasDefault {
		return v.accounts, nil
	}
	if len(sid) > 0 && (v.defaultOnly != "" || !v.hasDefault) {
		return nil, &RejectError{Reason: ErrUnknownAccount, AccountSid: claimedAccount(sid),
			detail: "no token for it is configured"}
	}
	return v.accounts[:1], nil
}

// search tries every token on the URL as received, then on its other forms,
// likeliest first, and stops at the first that fits. Which one it was is no
// secret; the comparison is.
func (v *Verifier) search(s *scratch, req *Request, prefixes []prefix, accounts []account) (Match, error) {
	tokens := 0
	s.urls = s.urls[:0]
	if len(req.Signature) == signatureLen {
		s.signature = append(s.signature[:0], req.Signature...)
		for i := range accounts {
			for n := range accounts[i].keys {
				tokens++
				if s.fitsAsReceived(&accounts[i].keys[n]) {
					return Match{AccountSid: accounts[i].sid, Token: n}, nil
				}
			}
		}
		s.list(prefixes, req)
		for i := range accounts {
			for n := range accounts[i].keys {
				if variant, ok := s.fits(&accounts[i].keys[n]); ok {
					return Match{accounts[i].sid, n, variant}, nil
				}
			}
		}
	}
	e := &RejectError{Reason: ErrWrongSignature, Tokens: tokens, Variants: 1 + len(s.urls)}
	if tokens == 0 {
		e.Variants = 0
		e.detail = "the header has another length than a signature"
	}
	sid, _ := s.form.lookup("AccountSid")
	if sid == nil {
		sid, _ = s.form.queryParam(s.target.rawQuery(), "AccountSid")
	}
	e.AccountSid = claimedAccount(sid)
	return Match{}, e
}

func (s *scratch) bodyHashFits(body []byte) bool {
	sum := sha256.Sum256(body)
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], sum[:])
	return subtle.ConstantTimeCompare(text[:], s.bodyHash) == 1
}

func bodiless(method string) bool {
	return method == http.MethodGet || method == http.MethodHead
}

func isForm(contentType string) bool {
	const form = "application/x-www-form-urlencoded"
	mediaType, _, _ := strings.Cut(contentType, ";")
	return mediaType == form || strings.EqualFold(strings.TrimSpace(mediaType), form)
}
