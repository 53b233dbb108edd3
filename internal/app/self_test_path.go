package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/doctor"
	"github.com/i-agent/iagent/internal/ratelimit"
	"github.com/i-agent/iagent/signature"
)

// serveSelfTest takes the request with which `iagent doctor` tries the public URL. Anybody else is refused as at a webhook.
func (a *App) serveSelfTest(mux *http.ServeMux, verifier *signature.Verifier) {
	clientIP := ratelimit.NewClientIP(a.settings.proxies)
	mux.Handle(doctor.SelfTestPath, doctor.SelfTest{
		Verifier: verifier, Tokens: a.settings.tokens, PublicURL: a.settings.baseURL,
		Refuse: func(w http.ResponseWriter, r *http.Request) {
			if ok, retryAfter, err := a.limiter.Take(r.Context(), clientIP(r)); !ok && err == nil {
				w.Header().Set("Retry-After", strconv.Itoa(int(max(retryAfter, time.Second).Round(time.Second)/time.Second)))
				inbox.WriteError(w, http.StatusTooManyRequests, "Too many requests")
				return
			}
			inbox.WriteError(w, http.StatusForbidden, "Invalid signature")
		},
	})
}
