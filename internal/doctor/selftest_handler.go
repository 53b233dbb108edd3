package doctor

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/i-agent/iagent/internal/explain"
	"github.com/i-agent/iagent/signature"
)

// maxSelfTest bounds the body of a self-test, in bytes.
const maxSelfTest = 16 << 10

// selfTestLimit bounds the HMACs that one explanation computes, while somebody waits for it.
const selfTestLimit = 20_000

// SelfTest takes the request with which the doctor tries the public URL, at [SelfTestPath]. It verifies the request as a webhook
// and stores nothing. Whoever proves to have an auth token is told what arrived; anybody else goes to Refuse.
type SelfTest struct {
	Verifier *signature.Verifier
	// Tokens are those that a doctor may have.
	Tokens []string
	// PublicURL is the server's APP_URL.
	PublicURL string
	Refuse    http.HandlerFunc
}

// ServeHTTP answers 200 where the signature fits, else 403 with what arrived.
func (s SelfTest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSelfTest))
	token, nonce := s.tester(r)
	if err != nil || token == "" {
		s.Refuse(w, r)
		return
	}
	status, answer := http.StatusOK, SelfTestAnswer{}
	if _, verdict := s.Verifier.VerifyRequest(r, body); verdict != nil {
		status, answer = http.StatusForbidden, s.arrived(r, body, verdict)
	}
	answer.Proof = Proof(token, answerNonce(nonce))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client is gone: nobody to tell
}

// tester is the token that the sender proves to have, "" if none, and its nonce.
func (s SelfTest) tester(r *http.Request) (token, nonce string) {
	_, query, _ := strings.Cut(r.RequestURI, "?")
	values, _ := url.ParseQuery(query) // what can be read of it
	nonce = values.Get("nonce")
	for _, token := range s.Tokens {
		if Proves(token, nonce, r.Header.Get(SelfTestHeader)) {
			return token, nonce
		}
	}
	return "", nonce
}

// arrived describes a request that was refused.
func (s SelfTest) arrived(r *http.Request, body []byte, verdict error) SelfTestAnswer {
	answer := SelfTestAnswer{Error: "Invalid signature", PublicURL: withoutUser(s.PublicURL), Method: r.Method, Target: r.RequestURI,
		ContentType: r.Header.Get("Content-Type"), Body: string(body), Reason: "the signature is wrong"}
	var why *signature.RejectError
	if errors.As(verdict, &why) {
		answer.Reason = why.Reason.Error()
	}
	suspects := signature.SuspectsOf(r)
	suspects.Tokens, suspects.Limit = s.Tokens, selfTestLimit
	found := s.Verifier.Diagnose(signature.Request{Method: r.Method, Target: r.RequestURI, ContentType: answer.ContentType,
		Signature: r.Header.Get(signature.Header), Body: body}, suspects)
	if len(found.Causes) > 0 {
		first := found.Causes[0]
		answer.Cause, answer.Cure, answer.Proven = string(first.Kind)+": "+first.Text, explain.Cure(first), found.Proven()
	}
	return answer
}
