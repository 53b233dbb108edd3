package signature_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/i-agent/iagent/signature"
)

// The walk-through of Twilio's own documentation.
func ExampleSign() {
	fmt.Println(signature.Sign("12345", "https://example.com/myapp.php?foo=1&bar=2", url.Values{
		"Digits":  {"1234"},
		"To":      {"+18005551212"},
		"From":    {"+14158675310"},
		"Caller":  {"+14158675310"},
		"CallSid": {"CA1234567890ABCDE"},
	}))
	// Output: L/OH5YylLD5NRKLltdqwSvS0BnU=
}

// A JSON body is signed through its hash, which becomes part of the URL.
func ExampleSignBody() {
	signedURL, _ := signature.SignBody("12345", "https://example.com/events", []byte(`{}`))
	fmt.Println(signedURL)
	// Output: https://example.com/events?bodySHA256=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
}

func ExampleVerifier_Verify() {
	verifier, err := signature.New(signature.Config{
		URL:    "https://example.com:8443",
		Tokens: []string{"12345"}, // primary, then the secondary while rotating
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	req := signature.Request{
		Method:      "POST",
		Target:      "/myapp.php?foo=1&bar=2",
		ContentType: "application/x-www-form-urlencoded",
		Signature:   "L/OH5YylLD5NRKLltdqwSvS0BnU=",
		Body:        []byte("CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212"),
	}
	match, err := verifier.Verify(req)
	fmt.Println(match.Variant, err)

	req.Body = append(req.Body, "&Digits=9"...)
	_, err = verifier.Verify(req)
	fmt.Println(errors.Is(err, signature.ErrWrongSignature))
	fmt.Println(err)
	// Output:
	// no port <nil>
	// true
	// verifying Twilio signature: wrong signature (tokens tried: 1, forms of the URL: 2)
}

func Example_middleware() {
	verifier, err := signature.New(signature.Config{
		URL:    "https://example.com",
		Tokens: []string{"12345"},
		OnReject: func(w http.ResponseWriter, r *http.Request, err error) {
			fmt.Println("rejected:", err)
			signature.Reject(w, r, err)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	voice := verifier.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<Response><Say>Hello %s</Say></Response>", r.PostFormValue("From"))
	}))

	deliver := func(body string) {
		r := httptest.NewRequest("POST", "/voice", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(signature.Header, signature.Sign("12345", "https://example.com/voice", url.Values{"From": {"+15551234567"}}))
		w := httptest.NewRecorder()
		voice.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	deliver("From=%2B15551234567")
	deliver("From=%2B15550000000")
	// Output:
	// 200 <Response><Say>Hello +15551234567</Say></Response>
	// rejected: verifying Twilio signature: wrong signature (tokens tried: 1, forms of the URL: 2)
	// 403 {"error":"Invalid signature"}
}
