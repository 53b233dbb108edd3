// Package proxy_test shows package inbox behind a reverse proxy that serves it under a path prefix.
package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/signature"
)

const (
	token  = "12345678901234567890123456789012"
	public = "https://example.com/phone/voice?order=17;express" // as configured at Twilio
)

// inMemory stands in for inboxpgx or inboxsql: it accepts every event.
type inMemory struct{}

func (inMemory) Process(_ context.Context, e *inbox.Event) (inbox.Result, error) {
	return inbox.Result{Outcome: inbox.Accepted, Reply: inbox.Reply{
		ContentType: "text/xml", Body: fmt.Appendf(nil, "<Response><Say>Order %s.</Say></Response>", e.Query.Get("order")),
	}}, nil
}

// application is the program behind the proxy. Its URL is the public one without what the request line still has when the
// request arrives here.
func application(url string) http.Handler {
	verifier, err := signature.New(signature.Config{URL: url, Tokens: []string{token}})
	if err != nil {
		panic(err)
	}
	handler, err := inbox.NewHandler(inbox.Config{Kind: inbox.KindVoice, Verifier: verifier, Processor: inMemory{}})
	if err != nil {
		panic(err)
	}
	return handler
}

// The proxy serves the application under /phone and cuts that off: the prefix belongs into the verifier's URL. The headers
// that the proxy sets (Host, X-Forwarded-For) play no part.
func Example_prefixCutOff() {
	server := httptest.NewServer(application("https://example.com/phone"))
	defer server.Close()
	proxy := httptest.NewServer(http.StripPrefix("/phone", reverseProxy(server.URL)))
	defer proxy.Close()
	fmt.Println(deliver(proxy.URL))
	// Output: 200 <Response><Say>Order 17;express.</Say></Response>
}

// The proxy passes the prefix on: the request line has it, and the verifier's URL has not.
func Example_prefixPassedOn() {
	server := httptest.NewServer(application("https://example.com"))
	defer server.Close()
	proxy := httptest.NewServer(reverseProxy(server.URL))
	defer proxy.Close()
	fmt.Println(deliver(proxy.URL))
	// Output: 200 <Response><Say>Order 17;express.</Say></Response>
}

// The program itself serves the inbox under a prefix. http.StripPrefix leaves the request line alone, so the verifier's URL
// is that of the server.
func Example_stripPrefix() {
	server := httptest.NewServer(http.StripPrefix("/phone", application("https://example.com")))
	defer server.Close()
	fmt.Println(deliver(server.URL))
	// Output: 200 <Response><Say>Order 17;express.</Say></Response>
}

func reverseProxy(target string) http.Handler {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		// Else the proxy drops what url.ParseQuery does not read (";", a bare "%"), and no signature fits.
		r.Out.URL.RawQuery = r.In.URL.RawQuery
		r.SetXForwarded()
	}}
}

// deliver sends a webhook as Twilio would, to the server that has the public name.
func deliver(server string) (status int, body string) {
	form := url.Values{"CallSid": {"CA1"}, "From": {"+15551234567"}}
	r, err := http.NewRequest("POST", strings.Replace(public, "https://example.com", server, 1), strings.NewReader(form.Encode()))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set(signature.Header, signature.Sign(token, public, form))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	return response.StatusCode, string(b)
}
