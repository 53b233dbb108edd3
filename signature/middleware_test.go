package signature

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// serve runs the middleware behind a real server and counts what reaches next.
func serve(t *testing.T, edit func(*Config), next http.HandlerFunc) (v *Verifier, serverURL string) {
	t.Helper()
	c := Config{URL: "https://public.example", Tokens: []string{primary, secondary}}
	if edit != nil {
		edit(&c)
	}
	v = mustNew(t, c)
	server := httptest.NewServer(v.Middleware(next))
	t.Cleanup(server.Close)
	return v, server.URL
}

func send(t *testing.T, serverURL, target string, body io.Reader, sig string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), "POST", serverURL+target, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", formType)
	if sig != "" {
		r.Header.Set(Header, sig)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func TestNextHandlerReadsTheWholeBody(t *testing.T) {
	body := "CallSid=CA1&From=%2B1555&Empty="
	_, url := serve(t, nil, func(w http.ResponseWriter, r *http.Request) {
		match, ok := FromContext(r.Context())
		if !ok || match.Token != 1 {
			t.Errorf("match %+v, %v", match, ok)
		}
		if r.ContentLength != int64(len(body)) || len(r.TransferEncoding) > 0 {
			t.Errorf("content length %d, transfer encoding %v", r.ContentLength, r.TransferEncoding)
		}
		raw, err := io.ReadAll(r.Body)
		if err != nil || string(raw) != body {
			t.Errorf("body %q, %v", raw, err)
		}
		io.WriteString(w, "next")
	})
	sig, _ := SignForm(secondary, "https://public.example/v?a=1", []byte(body))
	for name, reader := range map[string]io.Reader{"with length": strings.NewReader(body), "chunked": io.MultiReader(strings.NewReader(body))} {
		if resp, text := send(t, url, "/v?a=1", reader, sig); resp.StatusCode != 200 || text != "next" {
			t.Errorf("%s: %d %s", name, resp.StatusCode, text)
		}
	}
}

func TestNextHandlerCanParseTheForm(t *testing.T) {
	_, url := serve(t, nil, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.PostFormValue("From")) })
	sig, _ := SignForm(primary, "https://public.example/v", []byte("From=%2B1555"))
	if _, text := send(t, url, "/v", strings.NewReader("From=%2B1555"), sig); text != "+1555" {
		t.Errorf("From is %q", text)
	}
}

func TestUnverifiedRequestDoesNotReachTheHandler(t *testing.T) {
	_, url := serve(t, nil, func(http.ResponseWriter, *http.Request) { t.Error("next was called") })
	good, _ := SignForm(primary, "https://public.example/v", []byte("a=1"))
	big := strings.Repeat("a", DefaultMaxBody+1)
	for _, c := range []struct {
		name   string
		body   io.Reader
		sig    string
		status int
		text   string
	}{
		{"no signature", strings.NewReader("a=1"), "", 403, `{"error":"Invalid signature"}`},
		{"wrong signature", strings.NewReader("a=2"), good, 403, `{"error":"Invalid signature"}`},
		{"malformed body", strings.NewReader("a=%"), good, 403, `{"error":"Invalid signature"}`},
		{"no body", nil, good, 403, `{"error":"Invalid signature"}`},
		{"over the limit", strings.NewReader(big), good, 413, `{"error":"Body too large"}`},
		{"over the limit, chunked", io.MultiReader(strings.NewReader(big)), good, 413, `{"error":"Body too large"}`},
		{"over the limit, no signature", io.MultiReader(strings.NewReader(big)), "", 403, `{"error":"Invalid signature"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, text := send(t, url, "/v", c.body, c.sig)
			if resp.StatusCode != c.status || strings.TrimSpace(text) != c.text || resp.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%d %s %s", resp.StatusCode, resp.Header.Get("Content-Type"), text)
			}
		})
	}
}

func TestBodyAtTheLimitIsAcceptedAndAboveItRefused(t *testing.T) {
	_, url := serve(t, func(c *Config) { c.MaxBody = 10 }, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	for body, status := range map[string]int{"a=34567890": 204, "a=345678901": 413} {
		sig, _ := SignForm(primary, "https://public.example/v", []byte(body))
		for _, reader := range []io.Reader{strings.NewReader(body), io.MultiReader(strings.NewReader(body))} {
			if resp, text := send(t, url, "/v", reader, sig); resp.StatusCode != status {
				t.Errorf("%d bytes: %d %s", len(body), resp.StatusCode, text)
			}
		}
	}
}

func TestRejectionHookLearnsWhy(t *testing.T) {
	var got error
	_, url := serve(t, func(c *Config) {
		c.OnReject = func(w http.ResponseWriter, _ *http.Request, err error) {
			got = err
			w.WriteHeader(http.StatusTeapot)
		}
	}, func(http.ResponseWriter, *http.Request) { t.Error("next was called") })
	if resp, _ := send(t, url, "/v", strings.NewReader("a=1"), ""); resp.StatusCode != http.StatusTeapot || !errors.Is(got, ErrMissingHeader) {
		t.Errorf("%d, %v", resp.StatusCode, got)
	}
	if _, _ = send(t, url, "/v", strings.NewReader("a=1"), Sign("x", "https://public.example/v", nil)); !errors.Is(got, ErrWrongSignature) {
		t.Error(got)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) {
	return 0, errors.New("connection reset by +15551234567")
}

func TestMiddlewareThatReadTheBodyIsNamedInTheError(t *testing.T) {
	var seen error
	v := mustNew(t, Config{URL: "https://public.example", Tokens: []string{primary}, OnReject: func(w http.ResponseWriter, r *http.Request, err error) {
		seen = err
		Reject(w, r, err)
	}})
	reached := 0
	verified := v.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	body := url.Values{"CallSid": {"CA1"}}
	for name, front := range map[string]func(r *http.Request){
		"ParseForm":             func(r *http.Request) { _ = r.ParseForm() },
		"ParseForm, no length":  func(r *http.Request) { r.ContentLength = -1; _ = r.ParseForm() },
		"a part of it was read": func(r *http.Request) { _, _ = r.Body.Read(make([]byte, 3)) },
	} {
		seen = nil
		r := httptest.NewRequest("POST", "/voice", strings.NewReader(body.Encode()))
		r.Header.Set("Content-Type", formType)
		r.Header.Set(Header, Sign(primary, "https://public.example/voice", body))
		front(r)
		w := httptest.NewRecorder()
		verified.ServeHTTP(w, r)
		if w.Code != 403 || reached > 0 || !errors.Is(seen, ErrBodyRead) || !strings.Contains(seen.Error(), "ParseForm") {
			t.Errorf("%s: answered %d, rejected with %v", name, w.Code, seen)
		}
	}

	closes := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body.Close()
		verified.ServeHTTP(w, r)
	}))
	resp, _ := send(t, closes.URL, "/voice", strings.NewReader(body.Encode()), Sign(primary, "https://public.example/voice", body))
	closes.Close() // waits for the handler
	if resp.StatusCode != 403 || !errors.Is(seen, ErrBodyRead) {
		t.Errorf("a closed body: answered %d, rejected with %v", resp.StatusCode, seen)
	}

	_, server := serve(t, func(c *Config) {
		c.OnReject = func(w http.ResponseWriter, r *http.Request, err error) { seen = err; Reject(w, r, err) }
	}, func(http.ResponseWriter, *http.Request) {})
	if send(t, server, "/voice", strings.NewReader(body.Encode()), "forged"); !errors.Is(seen, ErrWrongSignature) {
		t.Errorf("a forged request was rejected with %v", seen)
	}
}

func TestBodyThatBreaksOffIsRefused(t *testing.T) {
	v := mustNew(t, Config{URL: "https://public.example", Tokens: []string{primary}})
	r := httptest.NewRequest("POST", "/v", brokenReader{})
	r.Header.Set(Header, Sign(primary, "https://public.example/v", url.Values{}))
	w := httptest.NewRecorder()
	v.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("next was called") })).ServeHTTP(w, r)
	if w.Code != 400 || strings.Contains(w.Body.String(), "555") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, ok := FromContext(context.Background()); ok {
		t.Error("a match without a request")
	}
}
