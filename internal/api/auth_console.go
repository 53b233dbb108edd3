package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

// ProtectConsole is Protect for pages that a browser opens, which cannot send a bearer token: the token is accepted as
// the password of HTTP Basic too, with any user name. And since a browser sends that by itself, it refuses what another
// site has the browser do: a request that may change something must come from the pages themselves.
func ProtectConsole(token string, next http.Handler) http.Handler {
	own := http.NewCrossOriginProtection()
	own.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		secure(w)
		writeProblem(w, &problem{status: http.StatusForbidden, message: "Forbidden: from another site"})
	}))
	next = own.Handler(next)
	if token == "" {
		return Protect("", next)
	}
	withBearer := Protect(token, next)
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if bearer(r) != "" {
			withBearer.ServeHTTP(w, r)
			return
		}
		_, password, _ := r.BasicAuth()
		got := sha256.Sum256([]byte(password))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			secure(w)
			w.Header().Set("WWW-Authenticate", `Basic realm="i-agent console", charset="UTF-8"`)
			writeProblem(w, &problem{status: http.StatusUnauthorized, message: "Unauthorized"})
			return
		}
		next.ServeHTTP(w, r)
	})
}
