package app

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/doctor"
	"github.com/i-agent/iagent/internal/ratelimit"
	"github.com/i-agent/iagent/signature"
)

// selfTestBody bounds the body of a self-test, in bytes.
const selfTestBody = 16 << 10

// serveSelfTest takes the request with which `iagent doctor` tries the public URL. It verifies the request as a webhook and
// stores nothing. Whoever proves to have an auth token is told what arrived; for anybody else it answers as a webhook does.
func (a *App) serveSelfTest(mux *http.ServeMux, verifier *signature.Verifier) {
	clientIP := ratelimit.NewClientIP(a.settings.proxies)
	mux.HandleFunc(doctor.SelfTestPath, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, selfTestBody))
		if err != nil {
			inbox.WriteError(w, http.StatusRequestEntityTooLarge, "Body too large")
			return
		}
		token, nonce := a.selfTester(r)
		_, verdict := verifier.VerifyRequest(r, body)
		if token == "" { // Twilio has no reason to come here
			if ok, retryAfter, err := a.limiter.Take(r.Context(), clientIP(r)); !ok && err == nil {
				w.Header().Set("Retry-After", strconv.Itoa(int(max(retryAfter, time.Second).Round(time.Second)/time.Second)))
				inbox.WriteError(w, http.StatusTooManyRequests, "Too many requests")
				return
			}
			inbox.WriteError(w, http.StatusForbidden, "Invalid signature")
			return
		}
		status, answer := http.StatusOK, doctor.SelfTestAnswer{}
		if verdict != nil {
			status, answer = http.StatusForbidden, a.arrived(r, body, verdict)
		}
		answer.ProveAnswer(token, nonce)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// selfTester is the token that the sender proves to have, "" if none, and its nonce.
func (a *App) selfTester(r *http.Request) (token, nonce string) {
	_, query, _ := strings.Cut(r.RequestURI, "?")
	values, _ := url.ParseQuery(query) // what can be read of it
	nonce = values.Get("nonce")
	for _, token := range a.settings.tokens {
		if doctor.Proves(token, nonce, r.Header.Get(doctor.SelfTestHeader)) {
			return token, nonce
		}
	}
	return "", nonce
}

// arrived describes a request that was refused.
func (a *App) arrived(r *http.Request, body []byte, verdict error) doctor.SelfTestAnswer {
	answer := doctor.SelfTestAnswer{Error: "Invalid signature", PublicURL: withoutUserinfo(a.settings.baseURL), Method: r.Method, Target: r.RequestURI,
		Host: r.Host, ContentType: r.Header.Get("Content-Type"), Body: string(body), Forwarded: map[string]string{}, Reason: "the signature is wrong"}
	var why *signature.RejectError
	if errors.As(verdict, &why) {
		answer.Reason = why.Reason.Error()
	}
	for _, name := range []string{"X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"} {
		if value := r.Header.Get(name); value != "" {
			answer.Forwarded[name] = value
		}
	}
	return answer
}

// withoutUserinfo is a URL without its user and password.
func withoutUserinfo(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}
