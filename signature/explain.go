package signature

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// Cause is one reason why a request was not verified.
type Cause struct {
	Kind CauseKind
	// Text says what is wrong. Like Cure it holds no token, no signature and no value of a parameter.
	Text string
	// Cure says what to do about it.
	Cure string
	// URL is the public base URL with which such requests are verified, when setting that is a cure. Userinfo is left out.
	URL string
	// Proven: with this undone, and the other proven causes of the same
	// explanation, the signature fits a known token. Otherwise it is a suspicion.
	Proven bool
}

// String is the whole cause as one line, "scheme: signed for …: set …".
func (c Cause) String() string {
	text := string(c.Kind) + ": " + c.Text
	if c.Cure != "" {
		text += ": " + c.Cure
	}
	return text
}

// CauseKind names a cause for programs. Kinds are added, never renamed.
type CauseKind string

// The kinds, most frequent first.
const (
	CauseScheme      CauseKind = "scheme"       // http for https, or the reverse
	CauseHost        CauseKind = "host"         // another public URL is configured at Twilio
	CauseToken       CauseKind = "token"        // another token than the one for this account
	CauseAccount     CauseKind = "account"      // an account without a token
	CauseQuery       CauseKind = "query"        // the query was rewritten or lost on its way
	CausePath        CauseKind = "path"         // the path was rewritten on its way
	CausePort        CauseKind = "port"         // a port that is not in the configured URL
	CauseBody        CauseKind = "body"         // body parameters changed, added or lost
	CauseEncoding    CauseKind = "encoding"     // the body arrives in base64 or compressed
	CauseMethod      CauseKind = "method"       // GET and POST mixed up
	CauseBodyHash    CauseKind = "body-hash"    // the JSON body is not the one that was hashed
	CauseContentType CauseKind = "content-type" // the type of the body changed on its way
	CauseUserinfo    CauseKind = "userinfo"     // user and password were signed with the URL
	CauseFragment    CauseKind = "fragment"     // the fragment was signed with the URL
	CauseSigner      CauseKind = "signer"       // a tool that signs another way than Twilio
	CauseWebSocket   CauseKind = "websocket"    // a handshake's wss URL
	CauseHeader      CauseKind = "header"       // no signature, or not one
	CauseMalformed   CauseKind = "malformed"    // a request that Twilio does not send
	CauseUnknown     CauseKind = "unknown"      // forged, or signed for an unknown host or with an unknown token
)

// Suspects are what else [Verifier.Diagnose] tries: knowledge that may help to
// find out what is wrong, but that no verdict may rely on. The zero Suspects
// are fine. Everything in them may come from a stranger.
type Suspects struct {
	// URLs are other URLs that Twilio may have been given: base URLs such as
	// "https://old.example", whole ones with path, query and fragment, or only a
	// path with or without a query, "/hooks/voice?id=1". The first 16 count.
	URLs []string
	// Tokens are other tokens, such as the previous one, those of other regions,
	// or an API key's secret. The first 16 count.
	Tokens []string
	// Accounts are the AccountSids that are known here, for a verifier that was
	// not told its own ([Config.AccountSid]).
	Accounts []string
	// QueryNames are the parameters that the query of every URL given to Twilio
	// has, so that a missing one is reported.
	QueryNames []string
	// Header are the headers of the request, with its host as "Host".
	// X-Forwarded-* and its relatives, Authorization, Content-Length and
	// the signature's own are looked at.
	Header http.Header
	// Form is what was read from the body before the request came here, such as
	// [http.Request.PostForm].
	Form url.Values
	// Limit is the most HMACs that are computed; 0 is [DefaultLimit].
	Limit int
}

// SuspectsOf takes from a server's request what [Suspects] can use.
func SuspectsOf(r *http.Request) Suspects {
	s := Suspects{Header: r.Header.Clone(), Form: r.PostForm}
	if s.Header == nil {
		s.Header = http.Header{}
	}
	s.Header.Set("Host", r.Host)
	if s.Header.Get("Content-Length") == "" && r.ContentLength > 0 {
		s.Header.Set("Content-Length", itoa(r.ContentLength))
	}
	return s
}

// DefaultLimit is how many HMACs one explanation computes at the most, when
// [Suspects.Limit] is not set. It also ends after hashing 32 MiB.
const DefaultLimit = 60_000

// Explanation is why a request was not verified.
type Explanation struct {
	// Causes are empty for a request that is verified. Otherwise the proven ones
	// come first. One of CauseUnknown says that nothing is proven.
	Causes []Cause
	// Expected is the text that a signature of this request would cover here.
	// The values of its parameters are masked unless a cause is proven: a sender
	// without a token must not choose a text that somebody is shown.
	Expected Text
	// Signed is the text that was signed; nil unless a cause is proven.
	Signed *Text
	// Tried is how many HMACs were computed.
	Tried int
	// Exhausted means that there were more to compute than the limit allows.
	Exhausted bool
}

// Proven reports whether it is known what was signed, and with which token.
func (e Explanation) Proven() bool { return len(e.Causes) > 0 && e.Causes[0].Proven }

// Explain is the causes of [Verifier.Diagnose].
func (v *Verifier) Explain(req Request, suspects Suspects) []Cause {
	return v.Diagnose(req, suspects).Causes
}

// Diagnose tells why a request is not verified: each of the known ways in
// which a signature goes wrong is undone, alone and then together with one
// other, and the HMAC computed again. Causes that go together are in one
// answer; of several single ones the most frequent is given. It has no cause
// for a request that is verified.
//
// The verdict stays that of Verify: a request whose cause is proven was signed by
// a holder of a token, but not as this server is configured.
//
// It is for a person at a console, not for every rejected request: one
// explanation costs up to [DefaultLimit] HMACs, some tenths of a second. More
// than four in five of the broken set-ups in this repository's test/proxies take
// less than 2,500, which is a [Suspects.Limit] for where time counts.
func (v *Verifier) Diagnose(req Request, suspects Suspects) Explanation {
	_, err := v.Verify(req)
	if err == nil {
		return Explanation{Expected: v.expected(req, true)}
	}
	causes := verdictCauses(err)
	switch {
	case errors.Is(err, ErrNoToken), errors.Is(err, ErrMissingHeader), errors.Is(err, ErrMalformedTarget):
		return Explanation{Causes: causes, Expected: v.expected(req, false)}
	case errors.Is(err, ErrBodyHashMismatch):
		signed := v.expected(req, true)
		return Explanation{Causes: causes, Expected: v.withBodyHash(req), Signed: &signed}
	}
	x := newExplainer(v, req, suspects)
	found := x.search()
	e := Explanation{Tried: x.tried, Exhausted: x.exhausted, Expected: v.expected(req, found != nil)}
	if found != nil {
		e.Signed = found.text()
		e.Causes = found.causes()
	}
	if found == nil || slices.ContainsFunc(e.Causes, func(c Cause) bool { return c.Kind == CauseToken }) {
		e.Causes = appendNew(e.Causes, accountCauses(v, req, suspects, causes)...)
	}
	if found != nil {
		return e
	}
	if !errors.Is(err, ErrUnknownAccount) {
		e.Causes = appendNew(e.Causes, causes...)
	}
	e.Causes = appendNew(e.Causes, observed(req, suspects)...)
	if len(req.Signature) != signatureLen {
		e.Causes = appendNew(e.Causes, Cause{Kind: CauseHeader,
			Text: "the header is no signature, which has 28 characters of base64: it was cut, or comes from something else than Twilio",
			Cure: "let the proxy pass " + Header + " on unchanged"})
	}
	if needsUnknown(e.Causes) {
		e.Causes = append(e.Causes, v.unknown(req, x.exhausted))
	}
	return e
}

// appendNew leaves out suspicions of a kind that is there already.
func appendNew(causes []Cause, more ...Cause) []Cause {
	for _, c := range more {
		known := false
		for _, have := range causes {
			known = known || have.Kind == c.Kind
		}
		if !known {
			causes = append(causes, c)
		}
	}
	return causes
}

// needsUnknown: the facts of a verdict stand alone, suspicions do not.
func needsUnknown(causes []Cause) bool {
	for _, c := range causes {
		switch c.Kind {
		case CauseHeader, CauseMalformed, CauseAccount:
			return false
		}
	}
	return true
}
