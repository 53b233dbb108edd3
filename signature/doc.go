// Package signature answers one question about an HTTP request: did Twilio
// send it? It verifies the X-Twilio-Signature header, signs requests the way
// Twilio does (for tests and tools), and explains why a signature did not fit.
//
//	v, err := signature.New(signature.Config{
//		URL:    "https://voice.example.com",
//		Tokens: []string{primary, secondary},
//	})
//	...
//	http.Handle("/twilio/voice", v.Middleware(voice))
//
// # What is signed
//
// The signature is base64(HMAC-SHA1(token, URL + params)): the URL as
// configured at Twilio, followed by each form parameter's name and value,
// sorted by name in byte order (Twilio: Webhooks security). A request without
// a form body signs the URL alone; a JSON body is covered through its SHA-256
// in the bodySHA256 query parameter, which is checked too.
//
// # The public URL
//
// Behind a proxy a server cannot know the URL that Twilio called, and the Host
// and X-Forwarded-* headers are written by whoever sends the request. So the
// URL is the configured [Config.URL] followed by the bytes of the request line;
// no header takes part. Twilio itself is not consistent about ports and
// userinfo, and proxies re-encode quotes; the few forms that are known to occur
// are tried in turn, and [Match.Variant] says which one was signed.
//
// # Many tokens
//
// While a token is rotated the primary and the secondary are both accepted.
// Calls of a subaccount are signed with the subaccount's own token: list those
// in [Config.AccountTokens]. The AccountSid of a request chooses which tokens
// are tried and nothing else, since it is not trusted before the signature
// fits; [Match.AccountSid] is the one that is proven.
//
// # Why a signature does not fit
//
// [Verifier.Diagnose] undoes what is known to happen between Twilio and a
// server, one or two things at a time: another scheme, host, port or path; a
// query or a body that was rewritten; another token. A cause that it finds is
// proven by the signature; what it cannot prove it calls a suspicion. It never
// changes a verdict.
//
// # What a valid signature does not say
//
// It carries no time: a captured request can be sent again at any later time, so
// receivers must recognise duplicates. It covers neither the method nor any
// header. And it joins names and values without a delimiter, so a captured
// request also fits other forms whose concatenation is the same: check the
// parameters that you act on.
package signature
