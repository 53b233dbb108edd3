package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestPrefixIsAcceptedHoweverTheProxyPassesItOn(t *testing.T) {
	const hook = "/api/webhooks/twilio/voice?callId=a%2Fb;c&x=100%"
	for _, c := range []struct{ base, target, want string }{
		{"https://h", hook, hook},
		{"https://h/", "/" + hook, hook},
		{"https://h/prefix", hook, hook},
		{"https://h/prefix", "/prefix" + hook, hook},
		{"https://h/prefix/", "/prefix" + hook, hook},
		{"https://h/prefix", "/" + hook, hook},
		{"https://h/prefix", "//prefix/" + hook, hook},
		{"https://h/a/b", "/a/b" + hook, hook},
		{"https://h/a/b", "/a" + hook, "/a" + hook},
		{"https://h/pre%20fix", "/pre%20fix" + hook, hook},
		{"https://h/caf%C3%A9", "/caf%c3%a9" + hook, hook},
		{"https://h/~x", "/%7Ex" + hook, hook},
		{"https://h/prefix", "/prefixed" + hook, "/prefixed" + hook},
		{"https://h/prefix", "/Prefix" + hook, "/Prefix" + hook},
		{"https://h/prefix", "/prefix", "/"},
		{"https://h/prefix", "/prefix?a=/prefix//b", "/?a=/prefix//b"},
		{"https://h/prefix", "/healthz?next=//prefix", "/healthz?next=//prefix"},
		{"https://h/prefix", "/prefix/console/jobs", "/console/jobs"},
		{"https://user:pass@h:8443/p", "/p" + hook, hook},
		{"https://h/prefix", "/prefix/a%2Fb", "/a%2Fb"},
		{"https://h/api", hook, hook},
		{"https://h/api", "/api" + hook, hook},
		{"https://h/api", "/api/calls?a=/api", "/api/calls?a=/api"},
		{"https://h/api", "/api/healthz", "/healthz"},
		{"https://h/api/webhooks", hook, hook},
		{"https://h/api/webhooks", "/api/webhooks" + hook, hook},
		{"https://h/console", "/console/jobs", "/console/jobs"},
		{"https://h/console", "/console/console/jobs", "/console/jobs"},
	} {
		var seen *http.Request
		h := underPath(publicPath(c.base), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r }))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", c.target, nil))
		if seen.RequestURI != c.want || seen.URL.RequestURI() != c.want {
			t.Errorf("%s, %s: next sees %s, %s, want %s", c.base, c.target, seen.RequestURI, seen.URL.RequestURI(), c.want)
		}
	}
}

func TestTargetWithoutAPathIsLeftAlone(t *testing.T) {
	for _, target := range []string{"*", "http://h/prefix/healthz", "h:443", ""} {
		if got, ok := cutPath(target, "/prefix"); ok {
			t.Errorf("%q became %q", target, got)
		}
	}
}
