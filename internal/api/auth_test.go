package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/api"
)

func TestRequestWithoutTheTokenIsUnauthorized(t *testing.T) {
	s := onSQLite(t)
	for _, header := range []string{"Authorization", "Authorization: Bearer", "Authorization: Bearer wrong", "Authorization: " + token,
		"Authorization: Basic " + token, "Authorization: Bearer " + token + "x", "Authorization: Bearer " + token[:5]} {
		for _, path := range []string{"/api/campaigns", "/api/calls/x", "/api/nothing", "/api/webhooks"} {
			r := s.do("GET", path, "", header)
			r.wantError(401, "Unauthorized")
			if got := r.header.Get("WWW-Authenticate"); got != "Bearer" {
				t.Errorf("WWW-Authenticate %q", got)
			}
		}
		s.do("POST", "/api/campaigns", `{"name":"n"}`, header).wantError(401, "Unauthorized")
		s.do("GET", "/healthz", "", header).want(200)
		s.do("GET", "/readyz", "", header).want(200)
	}
	for _, header := range []string{"Authorization: Bearer " + token, "Authorization: bearer " + token, "Authorization: Bearer  " + token} {
		s.do("GET", "/api/campaigns", "", header).want(200)
	}
	if strings.Contains(s.log.String(), token) {
		t.Error("the token is in the log")
	}
}

func TestTwoTokensInOneRequestAreUnauthorized(t *testing.T) {
	r := httptest.NewRequest("GET", "/api/calls", nil)
	r.Header["Authorization"] = []string{"Bearer wrong", "Bearer " + token}
	if status := protected(token, r); status != 401 {
		t.Errorf("answered %d", status)
	}
}

func TestWithoutATokenOnlyThisMachineIsServed(t *testing.T) {
	for _, tc := range []struct {
		what, peer, host string
		header           []string
		want             int
	}{
		{"this machine", "127.0.0.1:4000", "127.0.0.1:3000", nil, 200},
		{"this machine by name", "127.0.0.1:4000", "LocalHost:3000", nil, 200},
		{"this machine over IPv6", "[::1]:4000", "[::1]:3000", nil, 200},
		{"this machine, no port", "[::ffff:127.0.0.1]:4000", "localhost", nil, 200},
		{"our own page", "127.0.0.1:4000", "localhost:3000", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://localhost:3000"}, 200},
		{"an address typed in", "127.0.0.1:4000", "localhost:3000", []string{"Sec-Fetch-Site", "none"}, 200},
		{"another machine", "192.0.2.7:4000", "localhost:3000", nil, 403},
		{"another machine over IPv6", "[2001:db8::1]:4000", "localhost:3000", nil, 403},
		{"an unknown peer", "@", "localhost:3000", nil, 403},
		{"a tunnel", "127.0.0.1:4000", "abc.tunnel.example", nil, 403},
		{"a tunnel that rewrites the host", "127.0.0.1:4000", "localhost:3000", []string{"X-Forwarded-For", "192.0.2.7"}, 403},
		{"a proxy", "127.0.0.1:4000", "localhost:3000", []string{"Forwarded", "for=192.0.2.7"}, 403},
		{"a proxy that says only the scheme", "127.0.0.1:4000", "localhost:3000", []string{"X-Forwarded-Proto", "https"}, 403},
		{"a rebound name", "127.0.0.1:4000", "evil.example:3000", nil, 403},
		{"a rebound name like ours", "127.0.0.1:4000", "localhost.evil.example:3000", nil, 403},
		{"no host", "127.0.0.1:4000", "", nil, 403},
		{"another site", "127.0.0.1:4000", "localhost:3000", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"another port of this machine", "127.0.0.1:4000", "localhost:3000", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"another origin", "127.0.0.1:4000", "localhost:3000", []string{"Origin", "http://evil.example"}, 403},
		{"another origin's port", "127.0.0.1:4000", "localhost:3000", []string{"Origin", "http://localhost:8080"}, 403},
		{"an opaque origin", "127.0.0.1:4000", "localhost:3000", []string{"Origin", "null"}, 403},
	} {
		r := httptest.NewRequest("POST", "/api/campaigns", nil)
		r.RemoteAddr, r.Host = tc.peer, tc.host
		for i := 0; i < len(tc.header); i += 2 {
			r.Header.Set(tc.header[i], tc.header[i+1])
		}
		if status := protected("", r); status != tc.want {
			t.Errorf("%s: answered %d, want %d", tc.what, status, tc.want)
		}
	}
}

// nginx's proxy_pass, as it comes, names the upstream as the host and no client, and speaks HTTP/1.0.
func TestProxyWithoutForwardedHeadersIsNotThisMachine(t *testing.T) {
	r := httptest.NewRequest("POST", "/api/campaigns", nil)
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "127.0.0.1:3000"
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.0", 1, 0
	if status := protected("", r); status != 403 {
		t.Errorf("answered %d", status)
	}
}

func TestAPIWithoutATokenServesThisMachine(t *testing.T) {
	s := onSQLite(t)
	h := httptest.NewServer(api.New(api.Config{Store: s.store}))
	defer h.Close()
	s.url = h.URL
	s.do("GET", "/api/campaigns", "", "Authorization").want(200)
	r := s.do("GET", "/api/campaigns", "", "Authorization", "X-Forwarded-For: 192.0.2.7")
	r.wantError(403, "Forbidden: sent by a proxy; set ADMIN_TOKEN to allow it")
	s.do("GET", "/healthz", "", "Authorization", "X-Forwarded-For: 192.0.2.7").want(200)
}

func protected(token string, r *http.Request) int {
	w := httptest.NewRecorder()
	api.Protect(token, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) })).ServeHTTP(w, r)
	return w.Code
}

// What this machine may read without the token, a proxy on it must not read for others.
func TestProxyOnThisMachineNeedsTheTokenForMetrics(t *testing.T) {
	served := api.ProtectExceptLocal(token, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	for _, tc := range []struct {
		peer, host, forwarded, authorization string
		want                                 int
	}{
		{"127.0.0.1:4000", "localhost:3000", "", "", 200},
		{"127.0.0.1:4000", "localhost:3000", "192.0.2.7", "", 401},
		{"127.0.0.1:4000", "calls.example.com", "", "", 401},
		{"192.0.2.7:4000", "localhost:3000", "", "Bearer wrong", 401},
		{"127.0.0.1:4000", "calls.example.com", "192.0.2.7", "Bearer " + token, 200},
	} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr, r.Host = tc.peer, tc.host
		for name, value := range map[string]string{"X-Forwarded-For": tc.forwarded, "Authorization": tc.authorization} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		if served.ServeHTTP(w, r); w.Code != tc.want {
			t.Errorf("%+v was answered %d", tc, w.Code)
		}
	}
}
