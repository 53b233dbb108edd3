package simulator

import (
	"encoding/json"
	"net/url"
	"os"
	"testing"
)

func TestSignatureMatchesTheOfficialVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Source, Token, Method, URL, Signature string
		Params                                url.Values
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 10 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		if got := sign(v.Token, v.URL, v.Params); got != v.Signature {
			t.Errorf("%s: %s signed as %s, want %s", v.Source, v.URL, got, v.Signature)
		}
	}
}

func TestSignedURLIsTheOneThatTwilioSigns(t *testing.T) {
	for _, test := range []struct{ url, keep, drop string }{
		{"https://h.example/v?callId=1#rc=5&rp=5xx,ct,rt", "https://h.example/v?callId=1", "https://h.example/v?callId=1"},
		{"https://user:p@ss@h.example:8443/v", "https://h.example:8443/v", "https://h.example/v"},
		{"http://user@h.example:8080/v", "http://h.example:8080/v", "http://h.example:8080/v"},
		{"https://[2001:db8::1]:8443/v", "https://[2001:db8::1]:8443/v", "https://[2001:db8::1]/v"},
		{"https://[2001:db8::1]/v", "https://[2001:db8::1]/v", "https://[2001:db8::1]/v"},
		{"HTTPS://H.Example:443?a=b", "HTTPS://H.Example:443?a=b", "HTTPS://H.Example?a=b"},
		{"https://h.example/v?at=a@b:c&q='%27+%20", "https://h.example/v?at=a@b:c&q='%27+%20", "https://h.example/v?at=a@b:c&q='%27+%20"},
	} {
		if got := signedURL(test.url, true); got != test.keep {
			t.Errorf("%s with its port: %s", test.url, got)
		}
		if got := signedURL(test.url, false); got != test.drop {
			t.Errorf("%s without its port: %s", test.url, got)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	c := &call{session: session{sim: &Simulator{config: Config{AccountSid: testAccount}}, sid: "CA1", to: "+15557770001"}, from: testFrom}
	params := c.callParams("in-progress")
	if len(params) != 25 {
		b.Fatalf("%d parameters", len(params))
	}
	for b.Loop() {
		sign(testToken, "https://h.example/api/webhooks/twilio/voice?callId=1", params)
	}
}
