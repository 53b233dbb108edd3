package signature

import (
	"net/url"
	"strings"
	"testing"

	"github.com/twilio/twilio-go/client"
)

// The official Go SDK's validator is right where no name is repeated, the host
// is no IPv6 address, and there are neither userinfo nor fragment. There, it
// and we must agree about signatures that either of us made, and about
// tampered ones.
func FuzzAgainstOfficialSDK(f *testing.F) {
	_, _, voice, _ := voiceWebhook()
	f.Add(voice.Target, string(voice.Body), uint8(0), false)
	f.Add("/v?a=1&b=%2f+", "a=%2B1&b=", uint8(1), false)
	f.Add("/v?", "Reason=a&ReasonConferenceEnded=b", uint8(2), true)
	f.Add("/v?bodySHA256=00", "{}", uint8(3), false)
	f.Add("/", "", uint8(4), false)
	f.Fuzz(func(t *testing.T, target, body string, signed uint8, tamper bool) {
		bases := []string{"https://h.example", "https://h.example:8443", "http://h.example", "http://h.example:81", "https://h.example:443"}
		base := bases[int(signed)%len(bases)]
		values, err := url.ParseQuery(body)
		if err != nil || !officialIsRight(base+target, target, values) {
			return
		}
		// What Twilio might have signed: the URL as configured or its siblings.
		signedBase := bases[int(signed/8)%len(bases)]
		sig := Sign("token", signedBase+target, values)
		if tamper {
			sig = Sign("tokem", signedBase+target, values)
		}
		v := mustNew(t, Config{URL: base, Tokens: []string{"token"}})
		match, ours := v.Verify(Request{Method: "POST", Target: target, ContentType: formType, Signature: sig, Body: []byte(body)})
		sdk := client.NewRequestValidator("token")
		if official := sdk.ValidateBody(base+target, []byte(body), sig); official != (ours == nil) {
			t.Fatalf("official %v, ours %+v, %v (configured %s, signed %s)", official, match, ours, base, signedBase)
		}
	})
}

// officialIsRight leaves out what the official validator is known to get wrong,
// and the forms of a URL that it does not try.
func officialIsRight(full, target string, values url.Values) bool {
	u, err := url.Parse(full)
	if err != nil || u.String() != full || u.User != nil || u.Fragment != "" {
		return false // it parses and prints the URL again
	}
	if len(target) > maxTarget || !strings.HasPrefix(target, "/") || strings.Contains(target, "#") {
		return false
	}
	if u.Path == "/" || strings.ContainsAny(u.RawQuery, "';") || strings.Contains(u.RawQuery, "%27") {
		return false
	}
	if u.Query().Has("bodySHA256") || strings.Contains(u.RawQuery, "AccountSid") {
		return false
	}
	for name, list := range values {
		if len(list) > 1 || name == "AccountSid" {
			return false
		}
	}
	return true
}

// Whatever arrives, the verdict is an error and not a panic, and nothing that
// nobody signed is accepted.
func FuzzVerify(f *testing.F) {
	for _, vec := range loadVectors(f) {
		base, req := vec.request(f)
		f.Add(base, req.Method, req.Target, req.ContentType, req.Signature, req.Body, false)
	}
	f.Add("https://u:p@[::1]:1/x/", "GET", "http://a/?'=%27%40", "", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", []byte("&&=%"), true)
	f.Fuzz(func(t *testing.T, base, method, target, contentType, signature string, body []byte, ws bool) {
		// A token that no vector is signed with.
		v, err := New(Config{URL: base, Tokens: []string{"0fuzz0"}, AccountTokens: map[string][]string{"AC1": {"1fuzz1"}}})
		if err != nil {
			return
		}
		req := Request{method, target, contentType, signature, body, ws}
		if match, err := v.Verify(req); err == nil {
			t.Fatalf("accepted: %+v", match)
		}
		// And what was signed for exactly this request is accepted, unless the
		// request is one that nothing vouches for.
		if method != "POST" || ws || !strings.HasPrefix(target, "/") || len(target) > maxTarget {
			return
		}
		req.ContentType = formType
		req.Signature, err = SignForm("0fuzz0", v.origin.String()+target, body)
		if err != nil || strings.Contains(string(body), "ccount") || strings.ContainsAny(target, "?#") {
			return
		}
		if _, err := v.Verify(req); err != nil && !strings.Contains(string(body), "%") {
			t.Fatal(err)
		}
	})
}
