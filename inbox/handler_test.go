package inbox_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/signature"
)

const (
	form   = "application/x-www-form-urlencoded"
	twiml  = `<Response><Say>Hello.</Say></Response>`
	signed = "X-Signed" // what the tests' verifier looks at
)

// process is a Processor that is one function: the handler is tested here, and Processors by inboxtest.
type process func(context.Context, *inbox.Event) (inbox.Result, error)

func (p process) Process(ctx context.Context, e *inbox.Event) (inbox.Result, error) { return p(ctx, e) }

// outcomes answers with an outcome and a reply.
func outcomes(o inbox.Outcome, contentType, body string) process {
	return func(context.Context, *inbox.Event) (inbox.Result, error) {
		return inbox.Result{Outcome: o, Reply: inbox.Reply{ContentType: contentType, Body: []byte(body)}}, nil
	}
}

func fails(err error) process {
	return func(context.Context, *inbox.Event) (inbox.Result, error) { return inbox.Result{}, err }
}

// verifier is a Verifier that is one function.
type verifier func(r *http.Request, body []byte) error

func (v verifier) VerifyRequest(r *http.Request, body []byte) (signature.Match, error) {
	return signature.Match{}, v(r, body)
}

func verify(r *http.Request, _ []byte) error {
	if r.Header.Get(signed) == "" {
		return errors.New("not signed")
	}
	return nil
}

func newHandler(t testing.TB, c inbox.Config) *inbox.Handler {
	t.Helper()
	if c.Verifier == nil {
		c.Verifier = verifier(verify)
	}
	h, err := inbox.NewHandler(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// webhook returns a signed request with an honest body.
func webhook(kind, body string) *http.Request {
	r := httptest.NewRequest("POST", "/api/webhooks/twilio/"+kind+"?callId=c1", strings.NewReader(body))
	r.Header.Set("Content-Type", form)
	r.Header.Set("Accept", "*/*")
	r.Header.Set(signed, "yes")
	return r
}

func serve(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// want compares an answer: status, content type, body and whether it says that it is one to a duplicate.
func want(t *testing.T, got *http.Response, status int, contentType, body string, duplicate bool) {
	t.Helper()
	b, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got.StatusCode != status || got.Header.Get("Content-Type") != contentType || string(b) != body {
		t.Errorf("answer %d %s %q; want %d %s %q", got.StatusCode, got.Header.Get("Content-Type"), b, status, contentType, body)
	}
	if mark := got.Header.Get("X-Webhook-Duplicate"); (mark == "true") != duplicate || mark != "" && !duplicate {
		t.Errorf("X-Webhook-Duplicate is %q; want it %t", mark, duplicate)
	}
	if status != 204 && got.Header.Get("Content-Length") != strconv.Itoa(len(body)) {
		t.Errorf("Content-Length is %q for %d bytes", got.Header.Get("Content-Length"), len(body))
	}
	if got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control is %q", got.Header.Get("Cache-Control"))
	}
}

func TestEveryOutcomeHasItsAnswer(t *testing.T) {
	const success, dup = `{"success":true}`, `{"success":true,"duplicate":true}`
	for _, tc := range []struct {
		name      string
		process   process
		kind      string
		accept    string
		status    int
		typ, body string
		duplicate bool
	}{
		{"first voice", outcomes(inbox.Accepted, "text/xml", twiml), "voice", "*/*", 200, "text/xml", twiml, false},
		{"first voice for a JSON client", outcomes(inbox.Accepted, "text/xml", twiml), "voice", "application/json", 200, "text/xml", twiml, false},
		{"first status", outcomes(inbox.Accepted, "application/json", success), "status", "*/*", 200, "application/json", success, false},
		{"duplicate voice", outcomes(inbox.Duplicate, "text/xml", twiml), "voice", "*/*", 200, "text/xml", twiml, true},
		{"duplicate voice, no Accept", outcomes(inbox.Duplicate, "text/xml", twiml), "voice", "", 200, "text/xml", twiml, true},
		{"duplicate voice, JSON client", outcomes(inbox.Duplicate, "text/xml", twiml), "voice", "text/html, Application/JSON;q=0.9", 200, "application/json", dup, true},
		{"duplicate voice, JSON unwanted", outcomes(inbox.Duplicate, "text/xml", twiml), "voice", "application/json;q=0, */*", 200, "text/xml", twiml, true},
		{"conflicting voice", outcomes(inbox.Conflict, "text/xml", twiml), "voice", "*/*", 200, "text/xml", twiml, true},
		{"duplicate status", outcomes(inbox.Duplicate, "application/json", success), "status", "*/*", 200, "application/json", dup, true},
		{"duplicate of a JSON answer", outcomes(inbox.Duplicate, "application/json", `{"balance":12}`), "status", "application/json", 200, "application/json", `{"balance":12}`, true},
		{"duplicate status with charset", outcomes(inbox.Duplicate, "application/json; charset=utf-8", success), "status", "*/*", 200, "application/json", dup, true},
		{"reply without anything, voice", outcomes(inbox.Accepted, "", ""), "voice", "*/*", 200, "text/xml", `<?xml version="1.0" encoding="UTF-8"?><Response></Response>`, false},
		{"reply without anything, status", outcomes(inbox.Accepted, "", ""), "status", "*/*", 200, "application/json", success, false},
		{"id of another program, voice", outcomes(inbox.Duplicate, "", ""), "gather", "*/*", 200, "text/xml", `<?xml version="1.0" encoding="UTF-8"?><Response></Response>`, true},
		{"id of another program, status", outcomes(inbox.Duplicate, "", ""), "status", "*/*", 200, "application/json", dup, true},
		{"TwiML without type", outcomes(inbox.Accepted, "", twiml), "voice", "*/*", 200, "text/xml", twiml, false},
		{"refused", fails(inbox.Refuse(404, `Call "x" <not> found`)), "voice", "*/*", 404, "application/json", `{"error":"Call \"x\" <not> found"}`, false},
		{"mismatch", fails(inbox.Refuse(409, "Call mismatch")), "voice", "*/*", 409, "application/json", `{"error":"Call mismatch"}`, false},
		{"refusal that is none", fails(inbox.Refuse(200, "fine")), "voice", "*/*", 500, "application/json", `{"error":"Internal server error"}`, false},
		{"fault", fails(errors.New("password is swordfish")), "voice", "*/*", 500, "application/json", `{"error":"Internal server error"}`, false},
		{"panic", func(context.Context, *inbox.Event) (inbox.Result, error) { panic("oh") }, "voice", "*/*", 500, "application/json", `{"error":"Internal server error"}`, false},
		{"unknown kind", outcomes(inbox.Accepted, "", ""), "amd", "*/*", 404, "application/json", `{"error":"no Identify for webhooks of kind \"amd\", which inbox.ID has no rule for"}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := webhook(tc.kind, "CallSid=CA1&CallStatus=ringing")
			r.Header.Set("Accept", tc.accept)
			want(t, serve(newHandler(t, inbox.Config{Processor: tc.process}), r), tc.status, tc.typ, tc.body, tc.duplicate)
		})
	}
}

func TestDuplicateOfAnEmptyAnswerIsEmpty(t *testing.T) {
	h := newHandler(t, inbox.Config{Processor: process(func(context.Context, *inbox.Event) (inbox.Result, error) {
		return inbox.Result{Outcome: inbox.Duplicate, Reply: inbox.Reply{Status: 204}}, nil
	})})
	want(t, serve(h, webhook("status", "CallSid=CA1&CallStatus=ringing")), 204, "", "", true)
}

func TestBrokenRequestIsAnsweredWithoutBeingProcessed(t *testing.T) {
	over := strings.Repeat("x", inbox.DefaultMaxBody+1)
	for _, tc := range []struct {
		name   string
		change func(r *http.Request)
		body   string
		status int
		reason string
	}{
		{"PUT", func(r *http.Request) { r.Method = "PUT" }, "", 405, "Method not allowed"},
		{"HEAD", func(r *http.Request) { r.Method = "HEAD" }, "", 405, "Method not allowed"},
		{"too large", func(*http.Request) {}, over, 413, "Body too large"},
		{"too large, of unknown length", func(r *http.Request) { r.ContentLength = -1 }, over, 413, "Body too large"},
		{"JSON", func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, "{}", 415, "Unsupported media type"},
		{"no type", func(r *http.Request) { r.Header.Del("Content-Type") }, "a=b", 415, "Unsupported media type"},
		{"broken off", func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(r.Body, brokenReader{})) }, "a=b", 400, "Unreadable body"},
		{"too slow", func(r *http.Request) { r.Body = io.NopCloser(slowReader{}) }, "a=b", 503, "Body too slow"},
		{"GET with a body", func(r *http.Request) { r.Method = "GET" }, "a=b", 400, "Unreadable body"},
		{"unsigned", func(r *http.Request) { r.Header.Del(signed) }, "a=b", 403, "Invalid signature"},
		{"unsigned and malformed", func(r *http.Request) { r.Header.Del(signed) }, "a=%00", 403, "Invalid signature"},
		{"no CallSid", func(*http.Request) {}, "a=b", 400, "Missing CallSid"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHandler(t, inbox.Config{Processor: process(func(context.Context, *inbox.Event) (inbox.Result, error) {
				t.Error("it was processed")
				return inbox.Result{}, nil
			})})
			r := webhook("voice", tc.body)
			tc.change(r)
			got := serve(h, r)
			want(t, got, tc.status, "application/json", `{"error":"`+tc.reason+`"}`, false)
			if allow := got.Header.Get("Allow"); (tc.status == 405) != (allow == "POST, GET") {
				t.Errorf("Allow is %q", allow)
			}
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// slowReader is what a connection is whose read deadline has passed.
type slowReader struct{}

func (slowReader) Read([]byte) (int, error) {
	return 0, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
}

func TestLargestBodyIsReadWhole(t *testing.T) {
	body := "CallSid=CA1&x=" + strings.Repeat("y", inbox.DefaultMaxBody-14)
	var got *inbox.Event
	h := newHandler(t, inbox.Config{Processor: process(func(_ context.Context, e *inbox.Event) (inbox.Result, error) {
		got = e
		return inbox.Result{Outcome: inbox.Accepted}, nil
	})})
	if answer := serve(h, webhook("voice", body)); answer.StatusCode != 200 || string(got.Body) != body {
		t.Errorf("answer %d, %d of %d bytes", answer.StatusCode, len(got.Body), len(body))
	}
}

func TestEventHoldsWhatWasSent(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	var got *inbox.Event
	h := newHandler(t, inbox.Config{
		Now: func() time.Time { return now },
		Identify: func(e *inbox.Event) error {
			e.ID, e.Subject = "an id", e.Query.Get("callId")
			return nil
		},
		Processor: process(func(_ context.Context, e *inbox.Event) (inbox.Result, error) {
			got = e
			return inbox.Result{Outcome: inbox.Accepted}, nil
		}),
	})
	r := webhook("gather", "CallSid=CA1&AccountSid=AC1&SpeechResult=yes+please")
	r.Header.Set("I-Twilio-Idempotency-Token", "token")
	serve(h, r)
	if got.ID != "an id" || got.Subject != "c1" || got.Kind != inbox.KindGather || got.Source != inbox.SourceWebhook ||
		got.AccountSid != "AC1" || got.CallSid != "CA1" || got.Form.Get("SpeechResult") != "yes please" ||
		got.Target != "/api/webhooks/twilio/gather?callId=c1" || got.ContentType != form || got.IdempotencyToken != "token" ||
		string(got.Body) != "CallSid=CA1&AccountSid=AC1&SpeechResult=yes+please" ||
		!got.ReceivedAt.Equal(now) || got.ReceivedAt.Location() != time.UTC {
		t.Errorf("event %+v", got)
	}
}
