package ratelimit_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/i-agent/iagent/internal/ratelimit"
)

// TestForgedHeaderDoesNotChangeTheClient: X-Forwarded-For is anybody's to write.
func TestForgedHeaderDoesNotChangeTheClient(t *testing.T) {
	for _, tt := range []struct{ remote, want string }{
		{"192.0.2.1:4711", "192.0.2.1"},
		{"[2001:db8::1]:4711", "2001:db8::1"},
		{"[::ffff:192.0.2.1]:4711", "192.0.2.1"},
		{"[fe80::1%eth0]:4711", "fe80::1"},
		{"@", ""},
		{"", ""},
	} {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{}}
		for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "True-Client-Ip", "Forwarded"} {
			r.Header.Set(name, "203.0.113.9")
		}
		if got := ratelimit.NewClientIP(nil)(r); got != tt.want {
			t.Errorf("NewClientIP(nil) of %q: %q, want %q", tt.remote, got, tt.want)
		}
	}
}

func TestClientBehindProxiesIsTheLastUntrustedHop(t *testing.T) {
	clientIP := ratelimit.NewClientIP([]netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48"),
	})
	const proxy = "10.0.0.1:80"
	for _, tt := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"one proxy", proxy, []string{"203.0.113.9"}, "203.0.113.9"},
		{"proxy with IPv6", "[2001:db8:1::1]:80", []string{"2001:db8:2::1"}, "2001:db8:2::1"},
		{"proxy seen as mapped IPv4", "[::ffff:10.0.0.1]:80", []string{"203.0.113.9"}, "203.0.113.9"},
		{"two proxies", proxy, []string{"203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"two headers", proxy, []string{"203.0.113.9", "10.0.0.2"}, "203.0.113.9"},
		{"with ports", proxy, []string{"203.0.113.9:5000,10.0.0.2:80"}, "203.0.113.9"},
		{"IPv6 with port", proxy, []string{"[2001:db8:2::1]:5000"}, "2001:db8:2::1"},

		{"invented by the client", proxy, []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		{"invented in a header of its own", proxy, []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9"},
		{"invented nonsense", proxy, []string{"nonsense, 203.0.113.9"}, "203.0.113.9"},
		{"invented by an untrusted peer", "192.0.2.1:80", []string{"203.0.113.9"}, "192.0.2.1"},

		{"no header", proxy, nil, "10.0.0.1"},
		{"empty header", proxy, []string{""}, "10.0.0.1"},
		{"nonsense from the proxy", proxy, []string{"203.0.113.9, nonsense"}, "10.0.0.1"},
		{"trusted addresses only", proxy, []string{"10.1.1.1, 10.0.0.2"}, "10.0.0.1"},
		{"no peer address", "@", []string{"203.0.113.9"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{"X-Forwarded-For": tt.forwarded}}
			if got := clientIP(r); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
