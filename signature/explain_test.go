package signature

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestExplanationFindsTheCause(t *testing.T) {
	const host = "https://h.example"
	config := Config{URL: host, Tokens: []string{primary}, AccountSid: mainSid,
		AccountTokens: map[string][]string{subSid: {subToken}}}
	form := func(signed, target string) Request {
		return post(t, primary, signed, target, "CallSid=CA1&Digits=1+2&E=")
	}
	edit := func(r Request, f func(*Request)) Request { f(&r); return r }
	for _, c := range []struct {
		name   string
		base   string
		req    Request
		more   Suspects
		kinds  []CauseKind
		proven bool
	}{
		{name: "scheme", req: form("http://h.example/v", "/v"), kinds: []CauseKind{CauseScheme}, proven: true},
		{name: "scheme and port", req: form("http://h.example:80/v", "/v"), kinds: []CauseKind{CauseScheme}, proven: true},
		{name: "host", req: form("https://old.ngrok.example/v", "/v"), more: Suspects{URLs: []string{"https://other.example", "https://old.ngrok.example"}}, kinds: []CauseKind{CauseHost}, proven: true},
		{name: "host without a hint", req: form("https://old.ngrok.example/v", "/v"), kinds: []CauseKind{CauseUnknown}},
		{name: "port", req: form("https://h.example:3000/v", "/v"), more: Suspects{URLs: []string{"https://h.example:3000"}}, kinds: []CauseKind{CausePort}, proven: true},
		{name: "path prefix not cut off", base: host + "/app", req: form(host+"/app/v", "/app/v"), kinds: []CauseKind{CausePath}, proven: true},
		{name: "path prefix lost", req: form(host+"/app/v", "/v"), more: Suspects{URLs: []string{host + "/app"}}, kinds: []CauseKind{CausePath}, proven: true},
		{name: "slash added", req: form(host+"/v", "/v/"), kinds: []CauseKind{CausePath}, proven: true},
		{name: "slash removed", req: form(host+"/v/", "/v"), kinds: []CauseKind{CausePath}, proven: true},
		{name: "query sorted", req: form(host+"/v?c=1&b=2&a=3", "/v?a=3&b=2&c=1"), kinds: []CauseKind{CauseQuery}, proven: true},
		{name: "spaces rewritten", req: form(host+"/v?a=1+2", "/v?a=1%202"), kinds: []CauseKind{CauseQuery}, proven: true},
		{name: "query escaped", req: form(host+"/v?a=b@c,d", "/v?a=b%40c%2Cd"), kinds: []CauseKind{CauseQuery}, proven: true},
		{name: "query added", req: form(host+"/v", "/v?a=1"), kinds: []CauseKind{CauseQuery}, proven: true},
		{name: "query parameter added", req: form(host+"/v?a=1", "/v?a=1&x=2"), kinds: []CauseKind{CauseQuery}, proven: true},
		{name: "scheme and query", req: form("http://h.example/v?b=1&a=2", "/v?a=2&b=1"), kinds: []CauseKind{CauseScheme, CauseQuery}, proven: true},
		{name: "path and query", req: form(host+"/v?b=1&a=2", "/v/?a=2&b=1"), kinds: []CauseKind{CausePath, CauseQuery}, proven: true},
		{name: "suspected token", req: post(t, "older", host+"/v", "/v", "a=1"), more: Suspects{Tokens: []string{"x", "older"}}, kinds: []CauseKind{CauseToken}, proven: true},
		{name: "token from a file", req: post(t, "older", host+"/v", "/v", "a=1"), more: Suspects{Tokens: []string{"older\n"}}, kinds: []CauseKind{CauseToken}, proven: true},
		{name: "parent's token", req: post(t, primary, host+"/v", "/v", "AccountSid="+subSid), kinds: []CauseKind{CauseToken}, proven: true},
		{name: "unknown account", req: post(t, "other", host+"/v", "/v", "AccountSid="+strangeSid), kinds: []CauseKind{CauseAccount}},
		{name: "unknown account, known token", req: post(t, primary, host+"/v", "/v", "AccountSid="+strangeSid), kinds: []CauseKind{CauseToken, CauseAccount}, proven: true},
		{name: "POST made a GET", req: edit(form(host+"/v", "/v"), func(r *Request) { r.Method = "GET" }), kinds: []CauseKind{CauseMethod}, proven: true},
		{name: "query counted twice", req: Request{Method: "GET", Target: "/v?a=1", Signature: Sign(primary, host+"/v?a=1", url.Values{"a": {"1"}})}, kinds: []CauseKind{CauseMethod}, proven: true},
		{name: "content type lost", req: edit(form(host+"/v", "/v"), func(r *Request) { r.ContentType = "text/plain" }), kinds: []CauseKind{CauseContentType}, proven: true},
		{name: "body not signed", req: edit(form(host+"/v", "/v"), func(r *Request) { r.Signature = Sign(primary, host+"/v", nil) }), kinds: []CauseKind{CauseBody}, proven: true},
		{name: "empty parameter not signed", req: edit(form(host+"/v", "/v"), func(r *Request) {
			r.Signature = Sign(primary, host+"/v", url.Values{"CallSid": {"CA1"}, "Digits": {"1 2"}})
		}), kinds: []CauseKind{CauseBody}, proven: true},
		{name: "first of a repeated parameter", req: edit(post(t, primary, host+"/v", "/v", "D=2&D=1"), func(r *Request) {
			r.Signature = Sign(primary, host+"/v", url.Values{"D": {"2"}})
		}), kinds: []CauseKind{CauseSigner}, proven: true},
		{name: "unsorted", req: edit(post(t, primary, host+"/v", "/v", "b=2&a=1"), func(r *Request) {
			r.Signature = Sign(primary, host+"/vb2a1", nil)
		}), kinds: []CauseKind{CauseSigner}, proven: true},
		{name: "Latin-1", req: edit(post(t, primary, host+"/v", "/v", "b=%E9"), func(r *Request) {
			r.Signature = Sign(primary, host+"/v", url.Values{"b": {"é"}})
		}), kinds: []CauseKind{CauseBody}, proven: true},
		{name: "handshake without Upgrade", req: Request{Method: "GET", Target: "/media", Signature: Sign(primary, "wss://h.example/media", nil)}, kinds: []CauseKind{CauseWebSocket}, proven: true},
		{name: "no header", req: Request{Method: "POST", Target: "/v"}, kinds: []CauseKind{CauseHeader}},
		{name: "half a header", req: Request{Method: "POST", Target: "/v", Signature: "L/OH5Yyl"}, kinds: []CauseKind{CauseHeader}},
		{name: "broken target", req: Request{Method: "POST", Target: "*", Signature: "xyz"}, kinds: []CauseKind{CauseMalformed}},
		{name: "two accounts", req: edit(form(host+"/v", "/v"), func(r *Request) { r.Body = []byte("AccountSid=AC1&AccountSid=AC2") }), kinds: []CauseKind{CauseMalformed}},
		{name: "forged", req: post(t, "forger", host+"/v", "/v?a=1&b=2&c=3&d=4", "a=1&b=2"), kinds: []CauseKind{CauseUnknown}},
		{name: "verified", req: form(host+"/v", "/v")},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := config
			if c.base != "" {
				config.URL = c.base
			}
			causes := mustNew(t, config).Explain(c.req, c.more)
			var kinds []CauseKind
			for _, cause := range causes {
				kinds = append(kinds, cause.Kind)
			}
			if !slices.Equal(kinds, c.kinds) || len(causes) > 0 && causes[0].Proven != c.proven {
				t.Errorf("causes %+v, want kinds %v", causes, c.kinds)
			}
			text := fmt.Sprintf("%+v", causes)
			for _, secret := range []string{primary, subToken, "older", "CA1", "1 2"} {
				if strings.Contains(text, secret) {
					t.Errorf("%q is in %s", secret, text)
				}
			}
			if len(c.req.Signature) > 0 && strings.Contains(text, c.req.Signature) {
				t.Errorf("the signature is in %s", text)
			}
		})
	}
}

func TestJSONOfAnotherBodyIsExplainedByItsHash(t *testing.T) {
	signedURL, sig := SignBody(primary, "https://h.example/v", []byte(`{"a": 1}`))
	v := mustNew(t, Config{URL: "https://h.example", Tokens: []string{primary}})
	causes := v.Explain(Request{Method: "POST", Target: strings.TrimPrefix(signedURL, "https://h.example"), Signature: sig, Body: []byte(`{"a":1}`)}, Suspects{})
	if len(causes) != 1 || causes[0].Kind != CauseBodyHash || !causes[0].Proven {
		t.Errorf("%+v", causes)
	}
	e := v.Diagnose(Request{Method: "POST", Target: strings.TrimPrefix(signedURL, "https://h.example"), Signature: sig, Body: []byte(`{"a":1}`)}, Suspects{})
	if e.Signed == nil || e.Signed.URL != signedURL || e.Expected.URL == signedURL || !strings.HasPrefix(e.Expected.URL, "https://h.example/v?bodySHA256=") {
		t.Errorf("%+v", e)
	}
}

func ExampleVerifier_Explain() {
	verifier, err := New(Config{URL: "https://example.com", Tokens: []string{"12345"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	req := Request{
		Method: "POST", Target: "/voice", ContentType: "application/x-www-form-urlencoded", Body: []byte("From=%2B15551234567"),
		// What Twilio sends when the number's webhook is http://example.com/voice.
		Signature: Sign("12345", "http://example.com/voice", url.Values{"From": {"+15551234567"}}),
	}
	explanation := verifier.Diagnose(req, Suspects{})
	for _, cause := range explanation.Causes {
		fmt.Println(cause)
	}
	fmt.Println("signed:  ", explanation.Signed.URL)
	fmt.Println("expected:", explanation.Expected.URL)
	// Output:
	// scheme: signed for http://, but the configured URL is https://: Twilio is given the URL without TLS: give Twilio the https URL, or set the public base URL to http://example.com
	// signed:   http://example.com/voice
	// expected: https://example.com/voice
}

func FuzzExplain(f *testing.F) {
	f.Add("POST", "/v?a='&b=%40", formType, []byte("a=1&a=2&b=%E9"), false)
	f.Add("GET", "http://x#", "", []byte{}, true)
	f.Add("POST", "/./?a='&b=%27", formType, []byte("0"), false)
	f.Add("GET", "/?%40%27", "", []byte{}, false)
	f.Fuzz(func(t *testing.T, method, target, contentType string, body []byte, ws bool) {
		v := mustNew(t, Config{URL: "https://h.example/p", Tokens: []string{"0fuzz0"}})
		req := Request{method, target, contentType, Sign("1fuzz1", "https://h", nil), body, ws}
		causes := v.Explain(req, Suspects{URLs: []string{"", "http://x", "/y?z#f"}, Tokens: []string{"", "y"}, Limit: 300})
		if len(causes) == 0 || slices.ContainsFunc(causes, func(c Cause) bool { return c.Proven }) {
			t.Fatalf("%+v", causes)
		}
	})
}
