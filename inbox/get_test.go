package inbox_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/signature"
)

const (
	base  = "https://h.example"
	token = "12345678901234567890123456789012"
)

// genuine is a handler whose verifier is Twilio's, and the last event that reached its Processor.
func genuine(t testing.TB, c inbox.Config) (*inbox.Handler, func() *inbox.Event) {
	t.Helper()
	verifier, err := signature.New(signature.Config{URL: base, Tokens: []string{token}})
	if err != nil {
		t.Fatal(err)
	}
	var last *inbox.Event
	c.Verifier = verifier
	c.Processor = process(func(_ context.Context, e *inbox.Event) (inbox.Result, error) {
		last = e
		return inbox.Result{Outcome: inbox.Accepted}, nil
	})
	return newHandler(t, c), func() *inbox.Event { return last }
}

// get is a webhook as Twilio sends it with GET: its parameters follow those of the configured URL, and the signature is
// that of the whole URL.
func get(target string) *http.Request {
	r := httptest.NewRequest("GET", "/x", nil)
	path, query, _ := strings.Cut(target, "?")
	r.RequestURI, r.URL = target, &url.URL{Path: path, RawQuery: query}
	r.Header.Set(signature.Header, signature.Sign(token, base+target, nil))
	return r
}

func post(target, body string) *http.Request {
	r := httptest.NewRequest("POST", "/x", strings.NewReader(body))
	path, query, _ := strings.Cut(target, "?")
	r.RequestURI, r.URL = target, &url.URL{Path: path, RawQuery: query}
	r.Header.Set("Content-Type", form)
	sig, err := signature.SignForm(token, base+target, []byte(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set(signature.Header, sig)
	return r
}

func TestGetWebhookIsVerifiedIdentifiedAndProcessed(t *testing.T) {
	h, last := genuine(t, inbox.Config{})
	const target = "/status?callId=c1&AccountSid=AC1&CallSid=CA1&CallStatus=completed&From=%2B15551234567"
	if got := serve(h, get(target)); got.StatusCode != 200 {
		t.Fatalf("answer %d", got.StatusCode)
	}
	e := last()
	if e.ID != "CA1:status:completed" || e.AccountSid != "AC1" || e.CallSid != "CA1" || e.Target != target ||
		e.Form.Get("From") != "+15551234567" || e.Query.Get("callId") != "c1" || len(e.Body) != 0 || e.ContentType != "" {
		t.Errorf("event %+v", e)
	}
	unsigned := get(target)
	unsigned.RequestURI += "&CallStatus=busy"
	if got := serve(h, unsigned); got.StatusCode != 403 {
		t.Errorf("a query that was not signed was answered %d", got.StatusCode)
	}
}

func TestMethodThatIsNotListedIsRefused(t *testing.T) {
	h, _ := genuine(t, inbox.Config{Methods: []string{"POST"}})
	got := serve(h, get("/voice?CallSid=CA1"))
	if got.StatusCode != 405 || got.Header.Get("Allow") != "POST" {
		t.Errorf("answer %d, Allow %q", got.StatusCode, got.Header.Get("Allow"))
	}
	_, err := inbox.NewHandler(inbox.Config{Verifier: verifier(verify), Processor: fails(nil), Methods: []string{"HEAD"}})
	if err == nil || !strings.Contains(err.Error(), `method "HEAD"`) {
		t.Errorf("NewHandler with HEAD: %v", err)
	}
}

// Parameters of the query of a POST, of the body of a GET, of a fragment, or of a URL that middleware wrote are not Twilio's.
func TestParameterThatNobodySignedDoesNotCount(t *testing.T) {
	h, last := genuine(t, inbox.Config{Identify: func(e *inbox.Event) error { e.ID = "id"; return nil }})
	for name, r := range map[string]*http.Request{
		"POST":         post("/voice?callId=c1&CallSid=CA2", "CallSid=CA1"),
		"GET":          get("/voice?callId=c1&CallSid=CA1"),
		"fragment":     get("/voice?callId=c1&CallSid=CA1#&CallSid=CA2"),
		"absolute URI": get("/voice?callId=c1&CallSid=CA1"),
	} {
		r.URL.RawQuery = "callId=c2&CallSid=CA3" // nobody signed it
		if name == "absolute URI" {
			r.RequestURI = "http://h.example" + r.RequestURI
		}
		if got := serve(h, r); got.StatusCode != 200 {
			t.Errorf("%s: answer %d", name, got.StatusCode)
		} else if e := last(); e.CallSid != "CA1" || len(e.Form["CallSid"]) != 1 || e.Query.Get("callId") != "c1" {
			t.Errorf("%s: form %v, query %v", name, e.Form, e.Query)
		}
	}
}

// The verifier reads ";" as an ordinary byte and a bare "%" as itself, so the event has to.
func TestOddlySpelledParametersAreReadAsTheyWereSigned(t *testing.T) {
	h, last := genuine(t, inbox.Config{Kind: inbox.KindVoice})
	const pairs = "CallSid=CA1&SpeechResult=50%+off;+no&a;b=100%zz&=x&&City=M%C3%BCnchen"
	want := url.Values{"CallSid": {"CA1"}, "SpeechResult": {"50% off; no"}, "a;b": {"100%zz"}, "": {"x"}, "City": {"München"}}
	for name, r := range map[string]*http.Request{"POST": post("/voice?"+pairs, pairs), "GET": get("/voice?" + pairs)} {
		if got := serve(h, r); got.StatusCode != 200 {
			t.Errorf("%s: answer %d", name, got.StatusCode)
			continue
		}
		if e := last(); e.Form.Encode() != want.Encode() || e.Query.Encode() != want.Encode() {
			t.Errorf("%s: form %q, query %q; want %q", name, e.Form, e.Query, want)
		}
	}
}

func TestEventSaysHowItsSignatureFitted(t *testing.T) {
	secondary := "99999999999999999999999999999999"
	var last *inbox.Event
	v, err := signature.New(signature.Config{URL: base, AccountSid: "AC1", Tokens: []string{secondary, token}})
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, inbox.Config{Verifier: v, Processor: process(func(_ context.Context, e *inbox.Event) (inbox.Result, error) {
		last = e
		return inbox.Result{Outcome: inbox.Accepted}, nil
	})})
	serve(h, post("/voice", "CallSid=CA1&AccountSid=AC1"))
	if last == nil || last.Match != (signature.Match{AccountSid: "AC1", Token: 1}) {
		t.Errorf("event %+v", last)
	}
}

func TestMiddlewareThatReadTheBodyIsNamedInTheError(t *testing.T) {
	var seen error
	h, _ := genuine(t, inbox.Config{OnRejected: func(_ *http.Request, _ int, err error) { seen = err }})
	for name, front := range map[string]func(r *http.Request){
		"ParseForm":             func(r *http.Request) { _ = r.ParseForm() },
		"FormValue":             func(r *http.Request) { r.FormValue("CallSid") },
		"ParseForm, no length":  func(r *http.Request) { r.ContentLength = -1; _ = r.ParseForm() },
		"a part of it was read": func(r *http.Request) { _, _ = r.Body.Read(make([]byte, 3)) },
	} {
		r := post("/voice", "CallSid=CA1&From=%2B15551234567")
		front(r)
		seen = nil
		if got := serve(h, r); got.StatusCode != 403 {
			t.Errorf("%s: answer %d", name, got.StatusCode)
		}
		if !errors.Is(seen, inbox.ErrBodyRead) || !errors.Is(seen, signature.ErrWrongSignature) || !strings.Contains(seen.Error(), "ParseForm") {
			t.Errorf("%s: rejected with %v", name, seen)
		}
	}
	forged := post("/voice", "CallSid=CA1")
	forged.Header.Set(signature.Header, signature.Sign("another", base+"/voice", nil))
	serve(h, forged)
	if seen == nil || errors.Is(seen, inbox.ErrBodyRead) {
		t.Errorf("a forged request was rejected with %v", seen)
	}
}

func TestMiddlewareThatClosedTheBodyIsNamedInTheError(t *testing.T) {
	var seen error
	h, _ := genuine(t, inbox.Config{OnRejected: func(_ *http.Request, _ int, err error) { seen = err }})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body.Close()
		h.ServeHTTP(w, r)
	}))
	response, err := server.Client().Post(server.URL+"/voice", form, strings.NewReader("CallSid=CA1"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	server.Close() // waits for the handler
	if response.StatusCode != 400 || !errors.Is(seen, inbox.ErrBodyRead) {
		t.Errorf("answer %d, rejected with %v", response.StatusCode, seen)
	}
}

func TestKindThatNobodyIdentifiesIsNamedInTheError(t *testing.T) {
	_, err := inbox.NewHandler(inbox.Config{Kind: "amd", Verifier: verifier(verify), Processor: fails(nil)})
	if err == nil || !strings.Contains(err.Error(), `no Identify for webhooks of kind "amd"`) {
		t.Errorf("NewHandler: %v", err)
	}
}
