package doctor

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
)

// SelfTestPath takes the signed request that a server is sent through its public URL. It stores nothing.
const SelfTestPath = "/api/webhooks/twilio/self-test"

// SelfTestHeader proves to the server that whoever asks has one of its auth tokens: only then it tells what arrived.
const SelfTestHeader = "X-Iagent-Self-Test"

// Proof is what only somebody who has the token can say of a nonce. It is no signature of Twilio's.
func Proof(token, nonce string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("iagent self-test\x00" + nonce))
	return hex.EncodeToString(mac.Sum(nil))
}

// Proves reports whether proof is that of this token and nonce.
func Proves(token, nonce, proof string) bool {
	return token != "" && hmac.Equal([]byte(Proof(token, nonce)), []byte(proof))
}

// answerNonce is that of the server's own proof.
func answerNonce(nonce string) string { return "answer\x00" + nonce }

// SelfTestAnswer is the server's: what arrived, where the signature did not fit.
type SelfTestAnswer struct {
	Error string `json:"error,omitempty"`
	// Proof is the server's, for the request's nonce.
	Proof string `json:"proof,omitempty"`
	// PublicURL is the server's APP_URL without credentials; Method, Target, ContentType and Body are what arrived.
	PublicURL   string `json:"publicUrl,omitempty"`
	Method      string `json:"method,omitempty"`
	Target      string `json:"target,omitempty"`
	ContentType string `json:"contentType,omitempty"`
	Body        string `json:"body,omitempty"`
	// Reason is why the verifier refused the request.
	Reason string `json:"reason,omitempty"`
	// Cause and Cure are what explains the signature, or what is suspected, in one line each.
	Cause string `json:"cause,omitempty"`
	Cure  string `json:"cure,omitempty"`
	// Proven says that the signature fits once the cause is undone.
	Proven bool `json:"proven,omitempty"`
}

// sent is the self-test as it was sent: request target below APP_URL, and body.
type sent struct{ Target, Body string }

// explain says why the server refused the request, and its cure: what was changed on the way, and what explains the signature.
func (s sent) explain(arrived SelfTestAnswer, baseURL string) (detail, cure string) {
	detail, cure = s.compare(arrived, baseURL)
	switch {
	case cure == "" && arrived.Cause == "":
		return detail, "restart iagent serve with these settings"
	case cure == "":
		return detail + "; " + arrived.Cause, arrived.Cure
	case arrived.Proven:
		return detail + "; " + arrived.Cause, cure
	}
	return detail, cure
}

// compare finds what was changed between the doctor and the server, and its cure; without one the cure is "".
func (s sent) compare(arrived SelfTestAnswer, baseURL string) (detail, cure string) {
	path, query, _ := strings.Cut(s.Target, "?")
	gotPath, gotQuery, _ := strings.Cut(arrived.Target, "?")
	switch {
	case strings.TrimRight(withoutUser(baseURL), "/") != strings.TrimRight(arrived.PublicURL, "/"):
		return fmt.Sprintf("the server's APP_URL is %s, and here it is %s", arrived.PublicURL, bareURL(baseURL)),
			"set APP_URL to the same for all commands and processes: the URL that Twilio calls"
	case arrived.Method != "POST":
		return "it arrived as " + arrived.Method, "let the proxy redirect nothing and keep the method"
	case gotQuery != query:
		if sameQuery(query, gotQuery) {
			return fmt.Sprintf("the query arrived in another order or escaped otherwise: %q instead of %q", gotQuery, query), "let the proxy pass the query on byte for byte"
		}
		return fmt.Sprintf("the query arrived as %q instead of %q", gotQuery, query), "let the proxy pass the query on byte for byte"
	case gotPath != path:
		return fmt.Sprintf("the path arrived as %q instead of %q", gotPath, path),
			"let the proxy pass the path on as it is, or set APP_URL to the URL with the part of the path that the proxy takes off"
	case arrived.Body != s.Body:
		if sameQuery(s.Body, arrived.Body) {
			return "the body arrived in another order or escaped otherwise", "let the proxy pass the body on byte for byte"
		}
		return fmt.Sprintf("the body arrived changed: %d bytes instead of %d", len(arrived.Body), len(s.Body)), "let the proxy pass the body on byte for byte"
	case !strings.HasPrefix(arrived.ContentType, "application/x-www-form-urlencoded"):
		return "the Content-Type arrived as " + arrived.ContentType, "let the proxy keep the header Content-Type"
	}
	return "it arrived as it was sent, and the server says: " + arrived.Reason, ""
}

// sameQuery reports whether two encodings mean the same.
func sameQuery(a, b string) bool {
	first, err := url.ParseQuery(a)
	second, err2 := url.ParseQuery(b)
	return err == nil && err2 == nil && first.Encode() == second.Encode()
}
