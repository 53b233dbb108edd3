package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"fmt"
	"net/url"
	"os"
	"testing"
)

// voiceWebhook is a call's first request: 25 parameters, unsorted as Twilio sends
// them.
func voiceWebhook() (token string, base string, req Request) {
	token, base = "0123456789abcdef0123456789abcdef", "https://voice.example.com"
	body, err := os.ReadFile("testdata/voice-webhook.txt")
	if err != nil {
		panic(err)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil || len(values) != 25 {
		panic(fmt.Sprint("the webhook does not have 25 parameters: ", len(values), err))
	}
	req = Request{
		Method: "POST", Target: "/api/webhooks/twilio/voice?callId=01J9ZK3V7Q8W5X2Y6T4R1N0PMD",
		ContentType: "application/x-www-form-urlencoded; charset=UTF-8", Body: body,
	}
	req.Signature = Sign(token, base+req.Target, values)
	return token, base, req
}

// The comparison with the official validator is in test/interop/signature,
// since it needs twilio-go. bare hashes the signed bytes and does nothing else.
func BenchmarkVerify(b *testing.B) {
	token, base, req := voiceWebhook()
	b.Run("ours", func(b *testing.B) {
		v := mustNew(b, Config{URL: base, Tokens: []string{token}})
		b.ReportAllocs()
		for range b.N {
			if _, err := v.Verify(req); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		var f form
		f.parse(req.Body)
		message := f.appendSigned([]byte(base + req.Target))
		mac := hmac.New(sha1.New, []byte(token))
		var sum []byte
		b.ReportAllocs()
		for range b.N {
			mac.Reset()
			mac.Write(message)
			sum = mac.Sum(sum[:0])
		}
	})
}

// The path of a flood: nothing of it may be expensive.
func BenchmarkReject(b *testing.B) {
	_, base, req := voiceWebhook()
	v := mustNew(b, Config{URL: base, Tokens: []string{"another", "token"}})
	b.ReportAllocs()
	for range b.N {
		if _, err := v.Verify(req); err == nil {
			b.Fatal("verified")
		}
	}
}

// What a person waits for: a forged webhook, of which every possibility is tried.
func BenchmarkDiagnose(b *testing.B) {
	_, base, req := voiceWebhook()
	v := mustNew(b, Config{URL: base, Tokens: []string{"another", "token"}})
	b.ReportAllocs()
	tried := 0
	for range b.N {
		e := v.Diagnose(req, Suspects{})
		if e.Proven() {
			b.Fatal("explained")
		}
		tried = e.Tried
	}
	b.ReportMetric(float64(tried), "HMACs/op")
}
