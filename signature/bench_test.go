package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
)

// voiceWebhook is a call's first request: 25 parameters, unsorted as Twilio sends
// them.
func voiceWebhook() (token string, base string, req Request, params map[string]string) {
	token, base = "0123456789abcdef0123456789abcdef", "https://voice.example.com"
	body := "Called=%2B15551234567&ToState=CA&CallerCountry=US&Direction=outbound-api&CallerState=NY&ToZip=94105" +
		"&CallSid=CA0123456789abcdef0123456789abcdef&To=%2B15551234567&CallerZip=10001&ToCountry=US&CalledZip=94105" +
		"&ApiVersion=2010-04-01&CalledCity=SAN+FRANCISCO&CallStatus=in-progress&From=%2B15557654321" +
		"&AccountSid=AC0123456789abcdef0123456789abcdef&CalledCountry=US&CallerCity=NEW+YORK&ToCity=SAN+FRANCISCO" +
		"&FromCountry=US&Caller=%2B15557654321&FromCity=NEW+YORK&CalledState=CA&FromZip=10001&FromState=NY"
	values, err := url.ParseQuery(body)
	if err != nil || len(values) != 25 {
		panic(fmt.Sprint("the webhook has not 25 parameters: ", len(values), err))
	}
	params = map[string]string{}
	for name, v := range values {
		params[name] = v[0]
	}
	req = Request{
		Method: "POST", Target: "/api/webhooks/twilio/voice?callId=01J9ZK3V7Q8W5X2Y6T4R1N0PMD",
		ContentType: "application/x-www-form-urlencoded; charset=UTF-8", Body: []byte(body),
	}
	req.Signature = Sign(token, base+req.Target, values)
	return token, base, req, params
}

// contenders are the three that BenchmarkVerify and its ratios compare. ours
// starts at the raw body; official is given its map of parameters ready made;
// bare hashes the signed bytes and does nothing else.
func contenders(tb testing.TB) (ours, official, officialBody, bare func()) {
	token, base, req, params := voiceWebhook()
	v := mustNew(tb, Config{URL: base, Tokens: []string{token}})
	ours = func() {
		if _, err := v.Verify(req); err != nil {
			tb.Fatal(err)
		}
	}
	sdk := client.NewRequestValidator(token)
	fullURL := base + req.Target
	official = func() {
		if !sdk.Validate(fullURL, params, req.Signature) {
			tb.Fatal("the official validator refused")
		}
	}
	officialBody = func() {
		if !sdk.ValidateBody(fullURL, req.Body, req.Signature) {
			tb.Fatal("the official validator refused")
		}
	}
	var f form
	f.parse(req.Body)
	message := f.appendSigned([]byte(fullURL))
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
	ours, official, officialBody, bare := contenders(b)
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

// The path of a flood: nothing of it may be expensive.
func BenchmarkReject(b *testing.B) {
	_, base, req, _ := voiceWebhook()
	v := mustNew(b, Config{URL: base, Tokens: []string{"another", "token"}})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(req); err == nil {
			b.Fatal("verified")
		}
	}
}
