package explain

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/signature"
)

const (
	testToken = "0123456789abcdef0123456789abcdef"
	testURL   = "https://h.example/api/webhooks/twilio/voice?callId=1"
)

var testParams = url.Values{"CallSid": {"CA1"}, "From": {"+15551234567"}, "SpeechResult": {"it's so"}}

func files(name string) ([]byte, error) {
	if name != "body.txt" {
		return nil, errors.New("no such file")
	}
	return []byte("CallSid=CA1&From=%2B15551234567\n&SpeechResult=it%27s+so\n"), nil
}

// The same webhook in every form in which people have it is the same request.
func TestEveryWayToGiveARequestIsReadAlike(t *testing.T) {
	sig := signature.Sign(testToken, testURL, testParams)
	const body = "CallSid=CA1&From=%2B15551234567&SpeechResult=it%27s+so"
	head := "X-Twilio-Signature: " + sig
	for name, text := range map[string]string{
		"raw": "POST /api/webhooks/twilio/voice?callId=1 HTTP/1.1\r\nHost: h.example\r\nContent-Type: application/x-www-form-urlencoded\r\n" + head + "\r\n\r\n" + body,
		"saved by an editor": "\nPOST /api/webhooks/twilio/voice?callId=1 HTTP/1.1\nhost: h.example\ncontent-type: application/x-www-form-urlencoded\nx-twilio-signature:" +
			sig + "\n\n" + body + "\n",
		"with its length": "POST /api/webhooks/twilio/voice?callId=1 HTTP/1.1\nContent-Length: 54\nContent-Type: application/x-www-form-urlencoded\n" + head + "\n\n" + body + "\n\n",
		"in chunks": "POST /api/webhooks/twilio/voice?callId=1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n" + head + "\r\n\r\n" +
			"8\r\nCallSid=\r\n2e\r\n" + body[8:] + "\r\n0\r\n\r\n",
		"absolute target": "POST " + testURL + " HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n" + head + "\n\n" + body,
		"curl":            "curl '" + testURL + "' -H '" + head + "' -d '" + body + "'",
		"curl of a browser": "curl '" + testURL + "' \\\n  -X 'POST' \\\n  -H 'accept: */*' -H 'content-type: application/x-www-form-urlencoded' \\\n  -H '" + head +
			"' \\\n  --data-raw $'CallSid=CA1&From=%2B15551234567&SpeechResult=it%27s+so' --compressed",
		"curl, parts":    "$ /usr/bin/curl -sSi -XPOST --url \"" + testURL + "#rc=5\" --header=\"" + head + "\" -d CallSid=CA1 --data-urlencode From=+15551234567 --data-urlencode \"SpeechResult=it's so\" -o /dev/null | cat",
		"curl, escapes":  "curl " + strings.ReplaceAll(testURL, "?", `\?`) + " -H $'\\x58-Twilio-Signature: " + sig + "' --data-binary $'CallSid=CA1&From=%2B15551234567&SpeechResult=it\\'s so'",
		"curl, file":     "curl -d @body.txt -H '" + head + "' '" + testURL + "'",
		"curl, -d twice": "curl " + strings.ReplaceAll(testURL, "?", `"?"`) + " --max-time 5 -d 'CallSid=CA1' -d 'From=%2B15551234567&SpeechResult=it%27s+so' -H'" + head + "'",
	} {
		t.Run(name, func(t *testing.T) {
			in, err := Read([]byte(text), files)
			if err != nil {
				t.Fatal(err)
			}
			checkVerified(t, in)
		})
	}
	in, err := Fields{URL: testURL, Signature: sig, Params: []string{"CallSid=CA1", "From=+15551234567", "SpeechResult=it's so"}}.Input()
	if err != nil {
		t.Fatal(err)
	}
	checkVerified(t, in)
}

func checkVerified(t *testing.T, in Input) {
	t.Helper()
	e, err := New(Config{Signature: signature.Config{URL: "https://h.example", Tokens: []string{testToken}}})
	if err != nil {
		t.Fatal(err)
	}
	report := e.Explain(in.Request, in.Suspects())
	var b bytes.Buffer
	if err := report.Write(&b); err != nil || !report.Verified || !strings.HasPrefix(b.String(), "verified: signed with the primary token") {
		t.Errorf("%+v\n%s", in, b.String())
	}
}

func TestCurlOfAGetAndOfJSONIsRead(t *testing.T) {
	in, err := ReadCurl(`curl -G 'https://h.example/v?a=1#rc=5' --data-urlencode 'b=x y' -d c=2 -u user:pass`, nil)
	if err != nil || in.Request.Method != "GET" || in.Request.Target != "/v?a=1&b=x+y&c=2" || len(in.Request.Body) > 0 || in.Header.Get("Authorization") != "Basic dXNlcjpwYXNz" || in.URL != "https://h.example#rc=5" {
		t.Errorf("%+v, %v", in, err)
	}
	in, err = ReadCurl(`curl h.example --json '{"a":' --json '1}'`, nil)
	if err != nil || in.Request.Method != "POST" || in.Request.Target != "/" || string(in.Request.Body) != `{"a":1}` || in.Request.ContentType != "application/json" {
		t.Errorf("%+v, %v", in, err)
	}
	in, err = ReadCurl(`curl -I https://h.example/v?a`, nil)
	if err != nil || in.Request.Method != "HEAD" {
		t.Errorf("%+v, %v", in, err)
	}
}

func TestWhatIsNoRequestIsRefused(t *testing.T) {
	for _, text := range []string{"", "hello", "CallSid=CA1&a=b HTTP", "POST /v HTTP/1.1\nno colon\n\n", "curl", "curl 'https://h", "curl https://a https://b", "curl -d", "curl -d @none https://h",
		"curl -F a=b https://h", "curl 'ht tp://%zz'"} {
		if in, err := Read([]byte(text), files); err == nil {
			t.Errorf("%q: %+v", text, in)
		}
	}
	if _, err := ReadCurl("curl -d @body.txt https://h", nil); err == nil {
		t.Error("a file was read without leave")
	}
	for _, f := range []Fields{{}, {URL: "ht tp://%zz"}, {URL: "https://h", Params: []string{"x"}}} {
		if in, err := f.Input(); err == nil {
			t.Errorf("%+v: %+v", f, in)
		}
	}
}

// Whatever a file or a command line holds, reading ends with a request or an error, and an explanation of it with a verdict.
func FuzzRead(f *testing.F) {
	f.Add([]byte("POST /v?a=1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"))
	f.Add([]byte("GET / HTTP/1.1\nUpgrade: websocket\nX-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nX-Forwarded-Host: x, y\nForwarded: host=\"z\";proto=http\n\n"))
	f.Add([]byte(`curl -sS 'https://u:p@h:1/v?a=b#c' -H "a: $b" --data-urlencode $'\x41\u00e9=\101' -G -d "x\
y" -XPUT`))
	f.Add([]byte("curl h --json @f -u x --data-binary '{}'"))
	e, err := New(Config{Signature: signature.Config{URL: "https://h/p", Tokens: []string{testToken}}, Suspects: signature.Suspects{QueryNames: []string{"callId"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		in, err := Read(text, files)
		if err != nil {
			return
		}
		if in.Request.Method == "" || in.Request.Target == "" {
			t.Fatalf("%+v", in)
		}
		suspects := in.Suspects()
		suspects.Limit = 50
		report := e.Explain(in.Request, suspects)
		if report.Verified || report.Proven() || len(report.Causes) == 0 {
			t.Fatalf("%+v", report)
		}
		var b bytes.Buffer
		if err := report.Write(&b); err != nil || strings.Contains(b.String(), testToken) || strings.ContainsAny(b.String(), "\r\x00\x1b") {
			t.Fatalf("%q, %v", b.String(), err)
		}
	})
}

func BenchmarkReadCurl(b *testing.B) {
	line := "curl '" + testURL + "' -H 'X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=' " + strings.Repeat("--data-urlencode \"SpeechResult=it's so\" ", 20)
	b.ReportAllocs()
	for range b.N {
		if _, err := ReadCurl(line, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadRaw(b *testing.B) {
	text := []byte("POST /v?a=1 HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n" + strings.Repeat("a=1&", 200))
	b.ReportAllocs()
	for range b.N {
		if _, err := ReadRaw(text); err != nil {
			b.Fatal(err)
		}
	}
}
