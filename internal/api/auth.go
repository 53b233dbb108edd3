package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Protect lets a request through that carries the bearer token, and answers any other with 401.
//
// Without a token it lets a request through only when this machine itself asks: from a loopback address, to a loopback
// host, by no proxy, and not on behalf of another site that a browser here has open. Any other is answered 403. A tunnel
// that publishes the webhooks of a development machine thus does not publish the API with them. A proxy on this machine may
// hide all of that, so whoever is reached from outside must have a token.
func Protect(token string, next http.Handler) http.Handler {
	if token == "" {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			secure(w)
			if why := notLocal(r); why != "" {
				writeProblem(w, &problem{status: http.StatusForbidden, message: "Forbidden: " + why + "; set ADMIN_TOKEN to allow it"})
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	// Hashes have one length, so the comparison says nothing about the token's.
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(bearer(r)))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			secure(w)
			w.Header().Set("WWW-Authenticate", "Bearer")
			writeProblem(w, &problem{status: http.StatusUnauthorized, message: "Unauthorized"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ProtectExceptLocal is Protect, but lets this machine itself through without the token.
func ProtectExceptLocal(token string, next http.Handler) http.Handler {
	others := Protect(token, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if notLocal(r) == "" {
			next.ServeHTTP(w, r)
			return
		}
		others.ServeHTTP(w, r)
	})
}

// Local reports whether this machine itself makes a request; see Protect.
func Local(r *http.Request) bool { return notLocal(r) == "" }

// bearer is the token of the request, "" when it has none or more than one.
func bearer(r *http.Request) string {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// notLocal says why a request is not this machine's own, "" when it is.
func notLocal(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return "not from this machine"
	}
	// nginx, unless it is told otherwise, names no client and the upstream as the host, and speaks HTTP/1.0.
	if !r.ProtoAtLeast(1, 1) {
		return "sent by a proxy"
	}
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if r.Header.Get(header) != "" {
			return "sent by a proxy"
		}
	}
	// A name that its owner pointed at 127.0.0.1 would make a foreign page's requests look like our own.
	if !loopbackHost(r.Host) {
		return "not to a loopback host"
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return "from another site"
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		if u, err := url.Parse(origin); err != nil || u.Host != r.Host {
			return "from another site"
		}
	}
	return ""
}

// loopbackHost reports whether a Host header names this machine and nothing else can.
func loopbackHost(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Unmap().IsLoopback()
}
