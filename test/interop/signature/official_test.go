// Package signature_test compares the public package signature with Twilio's
// official Go SDK. It is here and not beside the package, so that whoever
// imports the package does not inherit the SDK.
package signature_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"

	"github.com/i-agent/iagent/signature"
)

const (
	target   = "/api/webhooks/twilio/voice?callId=01J9ZK3V7Q8W5X2Y6T4R1N0PMD"
	formType = "application/x-www-form-urlencoded; charset=UTF-8"
)

// voiceBody is a call's first request: 25 parameters, unsorted as Twilio sends
// them.
func voiceBody(tb testing.TB) []byte {
	body, err := os.ReadFile("../../../signature/testdata/voice-webhook.txt")
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

func mustNew(tb testing.TB, c signature.Config) *signature.Verifier {
	tb.Helper()
	v, err := signature.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// The official Go SDK's validator is right where no name is repeated, the host
// is no IPv6 address, and there are neither userinfo nor fragment. There, it
// and we must agree about signatures that either of us made, and about
// tampered ones.
func FuzzAgainstOfficialSDK(f *testing.F) {
	f.Add(target, string(voiceBody(f)), uint8(0), false)
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
		sig := signature.Sign("token", signedBase+target, values)
		if tamper {
			sig = signature.Sign("tokem", signedBase+target, values)
		}
		v := mustNew(t, signature.Config{URL: base, Tokens: []string{"token"}})
		match, ours := v.Verify(signature.Request{Method: "POST", Target: target, ContentType: formType, Signature: sig, Body: []byte(body)})
		sdk := client.NewRequestValidator("token")
		if official := sdk.ValidateBody(base+target, []byte(body), sig); official != (ours == nil) {
			t.Fatalf("official %v, ours %+v, %v (configured %s, signed %s)", official, match, ours, base, signedBase)
		}
	})
}

// officialIsRight leaves out what the official validator is known to get wrong,
// and the forms of a URL that it does not try.
func officialIsRight(full, target string, values url.Values) bool {
	const maxTarget = 16 << 10 // signature refuses longer ones
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

// compared are what BenchmarkVerify and its ratios measure. ours starts at
// the raw body; official is given its map of parameters ready made; bare hashes
// the signed bytes and does nothing else.
func compared(tb testing.TB) (ours, official, officialBody, bare func()) {
	const token, base = "0123456789abcdef0123456789abcdef", "https://voice.example.com"
	body := voiceBody(tb)
	values := signature.ParseForm(string(body))
	sig := signature.Sign(token, base+target, values)
	params, message := map[string]string{}, []byte(base+target)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		params[name] = values.Get(name)
		message = append(append(message, name...), params[name]...)
	}
	v := mustNew(tb, signature.Config{URL: base, Tokens: []string{token}})
	req := signature.Request{Method: "POST", Target: target, ContentType: formType, Signature: sig, Body: body}
	ours = func() {
		if _, err := v.Verify(req); err != nil {
			tb.Fatal(err)
		}
	}
	sdk := client.NewRequestValidator(token)
	official = func() {
		if !sdk.Validate(base+target, params, sig) {
			tb.Fatal("the official validator refused")
		}
	}
	officialBody = func() {
		if !sdk.ValidateBody(base+target, body, sig) {
			tb.Fatal("the official validator refused")
		}
	}
	mac := hmac.New(sha1.New, []byte(token))
	var sum []byte
	bare = func() {
		mac.Reset()
		mac.Write(message)
		sum = mac.Sum(sum[:0])
	}
	return ours, official, officialBody, bare
}

func BenchmarkVerify(b *testing.B) {
	ours, official, officialBody, bare := compared(b)
	for _, c := range []struct {
		name string
		run  func()
	}{{"ours", ours}, {"official", official}, {"official-body", officialBody}, {"bare", bare}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.run()
			}
		})
	}
	// The ratios come from rounds in which the three take turns, and compare the
	// best round of each, so that a busy machine does not decide. A round is long
	// enough for the official validator to pay for its garbage.
	b.Run("ratios", func(b *testing.B) {
		const rounds, each = 100, 300
		best := [3]float64{}
		for b.Loop() {
			for range rounds {
				for i, run := range []func(){ours, official, bare} {
					if t := clock(run, each); best[i] == 0 || t < best[i] {
						best[i] = t
					}
				}
			}
		}
		b.ReportMetric(best[1]/best[0], "x-faster-than-official")
		b.ReportMetric(best[0]/best[2], "x-of-bare-hmac")
	})
}

func clock(f func(), n int) float64 {
	start := time.Now()
	for range n {
		f()
	}
	return float64(time.Since(start))
}
