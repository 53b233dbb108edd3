package rejection

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

const (
	token   = "0123456789abcdef0123456789abcdef"
	subSid  = "AC11111111111111111111111111111111"
	mainSid = "AC00000000000000000000000000000000"
	number  = "+15557771234"
	body    = "CallSid=CA1&AccountSid=" + mainSid + "&From=%2B15557771234&SpeechResult=yes+please"
	hook    = "/api/webhooks/twilio/voice"
	query   = "?callId=01J0000000000000000000000"
)

func explainer(t *testing.T, base string, change ...func(*Settings)) *Explainer {
	t.Helper()
	s := Settings{
		BaseURL: base, Tokens: []string{token, "secondary-token"}, AccountSid: mainSid, Accounts: []string{mainSid},
		Paths: []string{"/api/webhooks/twilio/", "/api/webhooks/v1/twilio/"}, Kinds: []inbox.Kind{"voice", "status"},
	}
	for _, f := range change {
		f(&s)
	}
	e, err := NewExplainer(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// refused is a request as the webhooks refuse it: signed for a URL, received with a target.
func refused(signedFor, target string, change ...func(*Request)) *Request {
	signed, _ := signature.SignForm(token, signedFor, []byte(body))
	r := &Request{
		Request: signature.Request{Method: "POST", Target: target, ContentType: "application/x-www-form-urlencoded", Signature: signed, Body: []byte(body)},
		Kind:    "voice", Status: http.StatusForbidden, Err: signature.ErrWrongSignature, Header: http.Header{"Host": {"10.0.0.7:3000"}},
		Client: "192.0.2.1", ReceivedAt: time.Now(),
	}
	for _, f := range change {
		f(r)
	}
	return r
}

func status(status int, err error) func(*Request) {
	return func(r *Request) { r.Status, r.Err = status, err }
}

// TestRejectionNamesCauseAndCure: in the settings of this program where they help, in one line.
func TestRejectionNamesCauseAndCure(t *testing.T) {
	const base = "https://calls.example.com"
	get := func(target string) func(*Request) {
		return func(r *Request) {
			r.Method, r.Target, r.Body, r.ContentType = "GET", target, nil, ""
			r.Signature = signature.Sign(token, base+target, nil)
			r.Status, r.Err = 405, errors.New("method")
		}
	}
	for _, tc := range []struct {
		name  string
		base  string
		r     *Request
		cause string
		says  []string
	}{
		{"TLS ends at the proxy", "http://calls.example.com", refused(base+hook+query, hook+query), "scheme",
			[]string{"scheme: valid for https://calls.example.com/api/webhooks/twilio/voice", "TLS ends at your proxy", "set APP_URL=https://calls.example.com"}},
		{"Twilio is given http", base, refused("http://calls.example.com"+hook+query, hook+query), "scheme", []string{"valid for http://", "set APP_URL=http://calls.example.com"}},
		{"another host", base, refused("https://new.ngrok.example"+hook+query, hook+query, func(r *Request) { r.Header.Set("X-Forwarded-Host", "new.ngrok.example") }), "host",
			[]string{"host: valid for https://new.ngrok.example/", "set APP_URL=https://new.ngrok.example"}},
		{"scheme and host", base, refused("http://10.0.0.7"+hook+query, hook+query), "scheme", []string{"scheme and host: ", "set APP_URL=http://10.0.0.7"}},
		{"a port", base, refused("https://calls.example.com:8443"+hook+query, hook+query), "port", []string{"set APP_URL=https://calls.example.com:8443"}},
		{"a stranger", base, refused("https://nobody.example"+hook+query, hook+query), "unknown", []string{"unknown: ", "TWILIO_AUTH_TOKEN", "APP_URL"}},
		{"no signature", base, refused("", hook+query, func(r *Request) { r.Signature, r.Err = "", signature.ErrMissingHeader }), "header", []string{"header: ", "X-Twilio-Signature"}},
		{"an account without a token", base, refused("https://nobody.example"+hook, hook, func(r *Request) {
			r.Body = []byte(strings.ReplaceAll(body, mainSid, subSid))
		}), "account", []string{"account AC…1111", "TWILIO_ACCOUNT_TOKENS"}},
		{"an unknown path", base, refused(base+"/api/webhooks/twilio/voic", "/api/webhooks/twilio/voic", status(404, errors.New("x"))), "unknown-path",
			[]string{"no webhook is served at /api/webhooks/twilio/voic; expected /api/webhooks/twilio/{voice,status}", "Twilio signed it"}},
		{"a slash at the end", base, refused(base+hook+"/", hook+"/", status(404, errors.New("x"))), "unknown-path", []string{"slashes", base + hook}},
		{"a prefix that the proxy keeps", base, refused(base+"/calls"+hook, "/calls"+hook, status(404, errors.New("x"))), "unknown-path", []string{"has /calls in front", "APP_URL"}},
		{"a prefix that the proxy cuts off", base, refused(base+hook, "/webhooks/twilio/voice", status(404, errors.New("x"))), "unknown-path", []string{"cuts off /api"}},
		{"a GET with parameters", base, refused("", "", get(hook+"?callId=c&CallSid=CA1")), "method", []string{"POST", "Twilio signed it"}},
		{"a redirect", base, refused("", "", get(hook+query)), "redirect-as-get", []string{"redirect", "give Twilio the URL that nothing redirects"}},
		{"a lost Upgrade", base, refused("", "", get(hook+query), func(r *Request) {
			r.Signature = signature.Sign(token, "wss://calls.example.com"+hook+query, nil)
		}), "websocket", []string{"Upgrade"}},
		{"another content type", base, refused(base+hook+query, hook+query, status(415, errors.New("x")), func(r *Request) { r.ContentType = "application/json" }), "content-type",
			[]string{"content-type: ", "Content-Type"}},
		{"too large", base, refused(base+hook, hook, status(413, errors.New("x")), func(r *Request) { r.Incomplete = true }), "too-large", []string{"64 KiB"}},
		{"broken off", base, refused(base+hook, hook, status(400, errors.New("x")), func(r *Request) { r.Incomplete = true }), "unreadable-body", []string{"ended too early"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := explainer(t, tc.base)
			d := e.Summarize(tc.r)
			e.Explain(tc.r, d)
			if d.Cause != tc.cause || !d.Explanation.Explained || d.Explanation.Cure == "" || d.Explanation.Expected == nil {
				t.Errorf("cause %q, not %q: %+v", d.Cause, tc.cause, d.Explanation)
			}
			for _, want := range tc.says {
				if !strings.Contains(d.Summary, want) {
					t.Errorf("%q does not say %q", d.Summary, want)
				}
			}
			if quick := quickSummary(tc.r); quick == "" || strings.HasSuffix(quick, ": ") {
				t.Errorf("without an explanation it says %q", quick)
			}
			if strings.Contains(d.Summary, tc.r.Signature) && tc.r.Signature != "" || strings.Contains(d.Summary, token) {
				t.Errorf("a secret in %q", d.Summary)
			}
		})
	}
}

// TestStoredRejectionHasNoValue: names, lengths and keyed hashes only, wherever somebody has put a value.
func TestStoredRejectionHasNoValue(t *testing.T) {
	const base = "http://calls.example.com"
	redact := func(s *Settings) {
		s.Redact = func(text string) string { return strings.ReplaceAll(text, token, "[redacted]") }
	}
	var hashes []string
	for name, r := range map[string]*Request{
		"form":        refused("https://calls.example.com"+hook+query+"&To=%2B15557771234", hook+query+"&To=%2B15557771234"),
		"GET":         refused(base, hook+"?From=%2B15557771234&SpeechResult=yes+please", func(r *Request) { r.Method, r.Body = "GET", nil }),
		"base64":      refused(base, hook, func(r *Request) { r.Body = []byte("RnJvbT0rMTU1NTc3NzEyMzQmU3BlZWNoUmVzdWx0PXllcyBwbGVhc2U==") }),
		"JSON":        refused(base, hook, func(r *Request) { r.Body = []byte(`{"From":"+15557771234","SpeechResult":"yes please"}`) }),
		"number":      refused(base, hook, func(r *Request) { r.Body = []byte("15557771234&yes please") }),
		"path":        refused(base, "/api/webhooks/twilio/15557771234/"+token+"/%2B15557771234"),
		"header":      refused(base, hook, func(r *Request) { r.Header.Set("Host", "15557771234"); r.ContentType = "x/15557771234" + token }),
		"method":      refused(base, hook, func(r *Request) { r.Method = strings.Repeat("X", 500) }),
		"many":        refused(base, hook, func(r *Request) { r.Body = []byte(strings.Repeat("a=yes+please&", 5000)) }),
		"forged host": refused(base, hook, func(r *Request) { r.Header.Set("X-Forwarded-Host", "evil.example/15557771234 \n") }),
	} {
		t.Run(name, func(t *testing.T) {
			e := explainer(t, base, redact)
			d := e.Summarize(r)
			e.Explain(r, d)
			text := d.Path + d.Summary + d.Method + asJSON(t, d.Request) + asJSON(t, d.Explanation)
			for _, secret := range []string{number, "7771234", "5557771234", "yes please", "yes+please", "RnJvbT0r", token, r.Signature} {
				if secret != "" && strings.Contains(text, secret) {
					t.Errorf("%q in %s", secret, text)
				}
			}
			if len(text) > 16<<10 {
				t.Errorf("%d bytes are stored", len(text))
			}
			if name == "form" {
				for _, p := range append(d.Request.Params, d.Request.Query...) {
					if p.Name == "From" || p.Name == "To" {
						hashes = append(hashes, p.Hash)
						if p.Length != len(number) {
							t.Errorf("%s has the length %d", p.Name, p.Length)
						}
					}
				}
			}
		})
	}
	if len(hashes) != 2 || hashes[0] != hashes[1] {
		t.Errorf("equal values have the hashes %v", hashes)
	}
	other := explainer(t, base, func(s *Settings) { s.Tokens = []string{"another-token"} })
	if other.redactor.hash(number) == hashes[0] {
		t.Error("two installations have the same hashes")
	}
}

// TestShownTextIsTwilios: values are shown of a request that is held and that Twilio signed, and of no other.
func TestShownTextIsTwilios(t *testing.T) {
	e := explainer(t, "http://calls.example.com")
	for signedFor, want := range map[string]bool{"https://calls.example.com": true, "https://nobody.example": false} {
		r := refused(signedFor+hook+query, hook+query)
		d := e.Summarize(r)
		e.Explain(r, d)
		e.Show(r, &d.Explanation)
		if got := strings.Contains(asJSON(t, d.Explanation), "yes please"); got != want {
			t.Errorf("signed for %s: values are shown: %v\n%s", signedFor, got, asJSON(t, d.Explanation))
		}
	}
}

// TestProofNeedsNoValues: with the settings that a proof names, the request would be verified, and with no others.
func TestProofNeedsNoValues(t *testing.T) {
	r := refused("https://calls.example.com"+hook+query, hook+query)
	before := explainer(t, "http://old.example.com")
	r.Header.Set("Host", "calls.example.com")
	d := before.Summarize(r)
	before.Explain(r, d)
	proof := d.Explanation.Proof
	if proof == nil {
		t.Fatalf("nothing is proven: %+v", d)
	}
	for _, tc := range []struct {
		base   string
		change func(*Settings)
		want   bool
	}{
		{"https://calls.example.com", func(*Settings) {}, true},
		{"https://calls.example.com:443", func(*Settings) {}, true},
		{"http://old.example.com", func(*Settings) {}, false},
		{"https://calls.example.com/base", func(*Settings) {}, false},
		{"https://calls.example.com", func(s *Settings) { s.Tokens = []string{"new", token} }, true},
		{"https://calls.example.com", func(s *Settings) { s.Tokens = []string{"new"} }, false},
	} {
		if got := explainer(t, tc.base, tc.change).proven(proof, d.Path); got != tc.want {
			t.Errorf("with APP_URL=%s: verified %v", tc.base, got)
		}
	}
	if forged := before.Summarize(refused("https://nobody.example"+hook, hook)); forged.Explanation.Proof != nil {
		t.Error("a forged request has a proof")
	}
}

var _ Store = (*store.Store)(nil)
