package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/twilio"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "0123456789abcdef0123456789abcdef"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// dialLedger is the least of a store that tells a classification from another: one call, its intent and what was said
// about it.
type dialLedger struct {
	call      interview.Call
	intent    bool
	ended     bool
	postponed int
	said      []string
	begin     error // returned by BeginDial
	settle    error // returned once by the method that records an outcome
}

func (s *dialLedger) BeginDial(_ context.Context, _ interview.Run, _ string) (interview.Dial, error) {
	switch {
	case s.begin != nil:
		return interview.Dial{}, s.begin
	case s.call.Status != interview.CallQueued:
		s.ended = true
		return interview.Dial{State: interview.DialSkip}, nil
	case s.intent:
		return interview.Dial{State: interview.DialInterrupted, Call: s.call, Postponed: s.postponed}, nil
	}
	s.intent = true
	return interview.Dial{State: interview.DialProceed, Call: s.call, Postponed: s.postponed}, nil
}

func (s *dialLedger) DialAccepted(ctx context.Context, _ interview.Run, _ string, placed interview.PlacedCall) error {
	return s.record(ctx, interview.CallDialing, "accepted "+placed.Sid)
}

func (s *dialLedger) DialRefused(ctx context.Context, _ interview.Run, _ string, code int, message string) error {
	s.call.ErrorCode, s.call.ErrorMessage = code, message
	return s.record(ctx, interview.CallFailed, "refused")
}

func (s *dialLedger) DialUnknown(ctx context.Context, _ interview.Run, _ string, reason string) error {
	if reason == "" {
		return errors.New("no reason given")
	}
	return s.record(ctx, interview.CallDialUnknown, "unknown")
}

func (s *dialLedger) DialPaused(ctx context.Context, _ interview.Run, _ string, _, code int) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return now, err
	}
	s.intent = false
	s.said = append(s.said, fmt.Sprintf("paused %d", code))
	return now.Add(time.Minute), nil
}

func (s *dialLedger) DialPostponed(ctx context.Context, _ interview.Run, _ string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.intent = false
	s.postponed++
	s.said = append(s.said, "postponed")
	return nil
}

func (s *dialLedger) record(ctx context.Context, status interview.CallStatus, said string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.settle; err != nil {
		s.settle = nil
		return err
	}
	s.call.Status, s.ended = status, true
	s.said = append(s.said, said)
	return nil
}

// carrier stands in for Twilio: it counts the calls that it placed and answers as the test says, one handler after the
// other.
type carrier struct {
	*httptest.Server
	mu      sync.Mutex
	placed  int
	answers []http.HandlerFunc
}

func newCarrier(t *testing.T, answers ...http.HandlerFunc) *carrier {
	c := &carrier{answers: answers}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		c.mu.Lock()
		if len(c.answers) == 0 {
			c.mu.Unlock()
			t.Errorf("unexpected request: %s %s", r.Method, r.URL)
			return
		}
		answer := c.answers[0]
		c.answers = c.answers[1:]
		c.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

// calls is how many calls exist at the carrier.
func (c *carrier) calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.placed
}

// place counts a call and then answers; without it a handler refuses.
func (c *carrier) place(then http.HandlerFunc) {
	c.answers = append(c.answers, func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.placed++
		c.mu.Unlock()
		then(w, r)
	})
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func drop(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		_ = conn.Close()
	}
}

const receipt = `{"sid":"CA00000000000000000000000000000001","account_sid":"` + account + `","status":"queued"}`

var created = reply(201, receipt)

func newLedger() *dialLedger {
	return &dialLedger{call: interview.Call{ID: "call-1", PhoneNumber: "+15551234567", Status: interview.CallQueued}}
}

func newOrchestrate(t *testing.T, store *dialLedger, apiURL string, timeout time.Duration) *pipeline.OrchestrateCall {
	t.Helper()
	client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: apiURL, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return &pipeline.OrchestrateCall{
		Store: store, Twilio: client, URLs: interview.CallbackURLs{Base: "https://app.test"}, From: "+15557654321",
		Now: func() time.Time { return now }, Jitter: func() float64 { return 0 },
	}
}

var dialRun = interview.Run{ID: "run-1", Function: interview.OrchestrateCall, Key: "call-1", Attempt: 1, Args: []byte(`{"callId":"call-1"}`)}

func TestOneDialHasOneOutcome(t *testing.T) {
	for name, test := range map[string]struct {
		placed bool // whether Twilio placed the call before it answered
		answer http.HandlerFunc
		want   string
		status interview.CallStatus
		code   int
	}{
		"accepted":                       {true, created, "accepted CA00000000000000000000000000000001", interview.CallDialing, 0},
		"error 500 without a call":       {false, reply(500, `{"code":20500,"message":"oops"}`), "unknown", interview.CallDialUnknown, 0},
		"error 500 after placing":        {true, reply(500, `{"code":20500,"message":"oops"}`), "unknown", interview.CallDialUnknown, 0},
		"HTML 502":                       {true, reply(502, `<html>bad gateway</html>`), "unknown", interview.CallDialUnknown, 0},
		"HTML 503 after placing":         {true, reply(503, `<html>`), "unknown", interview.CallDialUnknown, 0},
		"dropped connection after":       {true, drop, "unknown", interview.CallDialUnknown, 0},
		"201 with garbage":               {true, reply(201, `{"sid":`), "unknown", interview.CallDialUnknown, 0},
		"201 with HTML":                  {true, reply(201, `<html>`), "unknown", interview.CallDialUnknown, 0},
		"201 without a sid":              {true, reply(201, `{}`), "unknown", interview.CallDialUnknown, 0},
		"redirect":                       {true, reply(307, ``), "unknown", interview.CallDialUnknown, 0},
		"408 of a gateway":               {true, reply(408, `{"message":"timeout"}`), "unknown", interview.CallDialUnknown, 0},
		"invalid number":                 {false, reply(400, `{"code":21211,"message":"not valid","status":400}`), "refused", interview.CallFailed, 21211},
		"blocked number":                 {false, reply(400, `{"code":21216,"message":"blocked","status":400}`), "refused", interview.CallFailed, 21216},
		"unreachable region":             {false, reply(403, `{"code":21215,"message":"not permitted","status":403}`), "refused", interview.CallFailed, 21215},
		"code nobody knows, 400":         {false, reply(400, `{"code":29999,"message":"?","status":400}`), "refused", interview.CallFailed, 29999},
		"call initiated already":         {true, reply(400, `{"code":21204,"message":"Call already initiated","status":400}`), "unknown", interview.CallDialUnknown, 0},
		"201 with a malformed sid":       {true, reply(201, `{"sid":"CA1","status":"queued"}`), "unknown", interview.CallDialUnknown, 0},
		"201 of another account":         {true, reply(201, strings.Replace(receipt, account, "AC2", 1)), "unknown", interview.CallDialUnknown, 0},
		"201 of another number":          {true, reply(201, strings.Replace(receipt, "}", `,"to":"+15559999999"}`, 1)), "unknown", interview.CallDialUnknown, 0},
		"404 with HTML":                  {true, reply(404, `<html>not found</html>`), "unknown", interview.CallDialUnknown, 0},
		"404 with nothing":               {true, reply(404, ``), "unknown", interview.CallDialUnknown, 0},
		"400 with somebody's JSON":       {true, reply(400, `{"error":"bad request"}`), "unknown", interview.CallDialUnknown, 0},
		"401 with HTML":                  {true, reply(401, `<html>log in</html>`), "unknown", interview.CallDialUnknown, 0},
		"403 with HTML":                  {false, reply(403, `<html>forbidden</html>`), "unknown", interview.CallDialUnknown, 0},
		"429 with HTML":                  {true, reply(429, `<html>slow down</html>`), "unknown", interview.CallDialUnknown, 0},
		"code that contradicts its 4xx":  {false, reply(404, `{"code":20500,"message":"?","status":500}`), "unknown", interview.CallDialUnknown, 0},
		"5xx that claims to be throttle": {true, reply(500, `{"code":20429,"message":"?","status":429}`), "unknown", interview.CallDialUnknown, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c, store := newCarrier(t), newLedger()
			if test.placed {
				c.place(test.answer)
			} else {
				c.answers = []http.HandlerFunc{test.answer}
			}
			f := newOrchestrate(t, store, c.URL, 0)
			if err := f.Run(t.Context(), dialRun); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(store.said, []string{test.want}) || store.call.Status != test.status || !store.ended {
				t.Errorf("recorded %q, call %s, run ended %v", store.said, store.call.Status, store.ended)
			}
			if store.call.ErrorCode != test.code || (test.want == "refused" && store.call.ErrorMessage == "") {
				t.Errorf("error kept: %d %q", store.call.ErrorCode, store.call.ErrorMessage)
			}
			// Twilio answers nothing more: a second run that dials fails the test.
			if err := f.Run(t.Context(), dialRun); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRefusalOfTheAccountLeavesTheCallQueued(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"paused 20003": reply(401, `{"code":20003,"message":"Authenticate","status":401}`),
		"paused 20005": reply(403, `{"code":20005,"message":"Account not active","status":403}`),
		"paused 20404": reply(404, `{"code":20404,"message":"not found","status":404}`),
		"paused 21210": reply(400, `{"code":21210,"message":"not verified","status":400}`),
		"paused 29999": reply(403, `{"code":29999,"message":"+15551234567 may not be called","status":403}`),
	} {
		c, store := newCarrier(t, answer), newLedger()
		err := newOrchestrate(t, store, c.URL, 0).Run(t.Context(), dialRun)
		until, waits := jobs.WaitUntil(err)
		if !waits || !until.Equal(now.Add(time.Minute)) || strings.Contains(err.Error(), "5551234567") {
			t.Errorf("%s: %v", name, err)
		}
		if store.intent || store.call.Status != interview.CallQueued || store.ended || !slices.Equal(store.said, []string{name}) {
			t.Errorf("%s: call %s, said %q", name, store.call.Status, store.said)
		}
	}
}

func TestTimeoutAfterPlacingDoesNotDialAgain(t *testing.T) {
	release := make(chan struct{})
	c, store := newCarrier(t), newLedger()
	c.place(func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	f := newOrchestrate(t, store, c.URL, time.Second)
	for range 2 {
		if err := f.Run(t.Context(), dialRun); err != nil {
			t.Fatal(err)
		}
	}
	if store.call.Status != interview.CallDialUnknown || c.calls() != 1 {
		t.Errorf("call %s, %d placed", store.call.Status, c.calls())
	}
}

// The program is told to stop while Twilio is placing the call: the outcome must still be written down.
func TestShutdownWhileDiallingIsRecorded(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	release := make(chan struct{})
	c, store := newCarrier(t), newLedger()
	c.place(func(http.ResponseWriter, *http.Request) { stop(); <-release })
	defer close(release)
	if err := newOrchestrate(t, store, c.URL, 0).Run(ctx, dialRun); err != nil {
		t.Fatal(err)
	}
	if store.call.Status != interview.CallDialUnknown {
		t.Errorf("call %s", store.call.Status)
	}
}

func TestTooManyRequestsWaitsAndThenDialsOnce(t *testing.T) {
	throttled := func(after string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if after != "" {
				w.Header().Set("Retry-After", after)
			}
			reply(429, `{"code":20429,"message":"Too many requests","status":429}`)(w, r)
		}
	}
	c, store := newCarrier(t, throttled(""), throttled(""), throttled("60"), throttled("1")), newLedger()
	c.place(created)
	f := newOrchestrate(t, store, c.URL, 0)
	for i, want := range []time.Duration{5 * time.Second, 10 * time.Second, time.Minute, 40 * time.Second} {
		until, ok := jobs.WaitUntil(f.Run(t.Context(), dialRun))
		if !ok || until.Sub(now) != want {
			t.Errorf("attempt %d waits %v, want %v", i+1, until.Sub(now), want)
		}
		if store.intent || store.call.Status != interview.CallQueued || store.ended {
			t.Fatalf("attempt %d: intent %v, call %s", i+1, store.intent, store.call.Status)
		}
	}
	for range 2 {
		if err := f.Run(t.Context(), dialRun); err != nil {
			t.Fatal(err)
		}
	}
	if c.calls() != 1 || store.call.Status != interview.CallDialing {
		t.Errorf("%d placed, call %s", c.calls(), store.call.Status)
	}
}

func TestWaitGrowsToABound(t *testing.T) {
	c, store := newCarrier(t, reply(429, `{"code":20429,"message":"Too many requests","status":429}`)), newLedger()
	store.postponed = 1000
	until, ok := jobs.WaitUntil(newOrchestrate(t, store, c.URL, 0).Run(t.Context(), dialRun))
	if !ok || until.Sub(now) != 5*time.Minute {
		t.Errorf("waits %v", until.Sub(now))
	}
}

func TestDialThatNeverLeftUsIsDialledAgain(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	store := newLedger()
	err = newOrchestrate(t, store, "http://"+closed.Addr().String(), 0).Run(t.Context(), dialRun)
	if _, waits := jobs.WaitUntil(err); err == nil || jobs.IsPermanent(err) || waits {
		t.Fatalf("got %v, want an error that is tried again", err)
	}
	if store.intent || store.call.Status != interview.CallQueued {
		t.Fatalf("intent %v, call %s", store.intent, store.call.Status)
	}
	c := newCarrier(t)
	c.place(created)
	if err := newOrchestrate(t, store, c.URL, 0).Run(t.Context(), dialRun); err != nil || store.call.Status != interview.CallDialing {
		t.Errorf("%v, call %s", err, store.call.Status)
	}
}

// The database is gone when Twilio's receipt arrives: the next attempt must not dial.
func TestLostReceiptIsNotDialledAgain(t *testing.T) {
	c, store := newCarrier(t), newLedger()
	c.place(created)
	store.settle = errors.New("database is down")
	f := newOrchestrate(t, store, c.URL, 0)
	if err := f.Run(t.Context(), dialRun); err == nil || jobs.IsPermanent(err) {
		t.Fatalf("got %v", err)
	}
	if err := f.Run(t.Context(), dialRun); err != nil {
		t.Fatal(err)
	}
	if c.calls() != 1 || store.call.Status != interview.CallDialUnknown {
		t.Errorf("%d placed, call %s", c.calls(), store.call.Status)
	}
}

func TestRunThatMayNotDialDialsNothing(t *testing.T) {
	later := now.Add(time.Minute)
	for name, begin := range map[string]error{"rate": jobs.Wait(later, "10 dials a minute"), "lost": jobs.ErrLostRun, "database": errors.New("down")} {
		store := newLedger()
		store.begin = begin
		err := newOrchestrate(t, store, newCarrier(t).URL, 0).Run(t.Context(), dialRun)
		if !errors.Is(err, begin) {
			t.Errorf("%s: got %v", name, err)
		}
		if until, ok := jobs.WaitUntil(err); name == "rate" && (!ok || !until.Equal(later)) {
			t.Errorf("the wait got lost: %v", err)
		}
	}
	store := newLedger()
	run := dialRun
	run.Args = []byte(`{`)
	if err := newOrchestrate(t, store, newCarrier(t).URL, 0).Run(t.Context(), run); !jobs.IsPermanent(err) {
		t.Errorf("broken arguments: %v", err)
	}
}

func TestTwilioIsToldWhereToReport(t *testing.T) {
	c, store := newCarrier(t), newLedger()
	c.place(func(w http.ResponseWriter, r *http.Request) {
		if r.Form.Get("To") != "+15551234567" || r.Form.Get("From") != "+15557654321" {
			t.Errorf("numbers: %v", r.Form)
		}
		for name, path := range map[string]string{"Url": "voice", "FallbackUrl": "voice", "StatusCallback": "status"} {
			got := r.Form.Get(name)
			if !strings.HasPrefix(got, "https://app.test/api/webhooks/twilio/"+path+"?callId=call-1") ||
				!strings.HasSuffix(got, "#rc=5&rp=5xx,ct,rt&rt=4500&ct=2000") {
				t.Errorf("%s: %s", name, got)
			}
		}
		created(w, r)
	})
	if err := newOrchestrate(t, store, c.URL, 0).Run(t.Context(), dialRun); err != nil {
		t.Fatal(err)
	}
}
