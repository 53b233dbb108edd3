package signature

import (
	"strings"
	"testing"
)

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
