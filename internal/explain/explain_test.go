package explain

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/signature"
)

func explainer(t *testing.T, url string) *Explainer {
	t.Helper()
	e, err := New(Config{Signature: signature.Config{URL: url, Tokens: []string{testToken}}, Suspects: signature.Suspects{QueryNames: []string{"callId"}}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func webhook(sig string) signature.Request {
	return signature.Request{Method: "POST", Target: strings.TrimPrefix(testURL, "https://h.example"), ContentType: "application/x-www-form-urlencoded",
		Signature: sig, Body: []byte(testParams.Encode())}
}

func TestDifferenceOfTheTwoTextsIsMarked(t *testing.T) {
	params := url.Values{"CallSid": {"CA1"}, "From": {"+15551234567"}, "SpeechResult": {"it's so "}}
	var b bytes.Buffer
	if err := explainer(t, "http://h.example").Explain(webhook(signature.Sign(testToken, testURL, params)), signature.Suspects{}).Write(&b); err != nil {
		t.Fatal(err)
	}
	const want = `not verified

scheme (proven): signed for https://, but the configured URL is http://: TLS ends at a proxy in front of this server
  cure: set APP_URL=https://h.example

body (proven): signed with white space around a value, which something on the way removed (SpeechResult)
  cure: let the proxy pass the body on byte for byte, and verify before middleware changes it

signed    https://h.example/api/webhooks/twilio/voice?callId=1
          ^^^^^
expected  http://h.example/api/webhooks/twilio/voice?callId=1
          ^^^^
followed by (- only signed, + only expected)
          CallSid="CA1"
          From="+15551234567"
        - SpeechResult="it's so "
        + SpeechResult="it's so"
`
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}

// Nobody vouches for a request of which nothing is proven, so its values are neither printed nor kept.
func TestValuesOfAForgedRequestAreMasked(t *testing.T) {
	report := explainer(t, "https://h.example").Explain(webhook(signature.Sign("forger", testURL, testParams)), signature.Suspects{})
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"CA1", "15551234567", "it's", "callId=1", testToken} {
		if strings.Contains(string(text)+b.String()+report.Line(), value) {
			t.Errorf("%q is in %s\n%s", value, text, b.String())
		}
	}
	if !strings.Contains(b.String(), "From=… (12 bytes)") || report.Kinds() != "unknown" {
		t.Errorf("%s, %s", b.String(), report.Kinds())
	}
}
