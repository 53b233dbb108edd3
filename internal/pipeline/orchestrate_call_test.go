package pipeline_test

import (
	"context"
	"errors"
	"io"
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
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "0123456789abcdef0123456789abcdef"
)

// fakeTwilio stands in for Twilio: it counts the calls that it placed and answers as the test says, one handler after the
// other.
type fakeTwilio struct {
	*httptest.Server
	mu      sync.Mutex
	placed  int
	answers []http.HandlerFunc
}

func newFakeTwilio(t *testing.T, answers ...http.HandlerFunc) *fakeTwilio {
	c := &fakeTwilio{answers: answers}
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

// calls is how many calls exist at Twilio.
func (c *fakeTwilio) calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.placed
}

// place counts a call and then answers; without it a handler refuses.
func (c *fakeTwilio) place(then http.HandlerFunc) {
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

// newOrchestrate is the function that dials on a database, at a Twilio that has so long to answer.
func newOrchestrate(t *testing.T, db *database, apiURL string, timeout time.Duration) *pipeline.OrchestrateCall {
	t.Helper()
	client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: apiURL, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return &pipeline.OrchestrateCall{
		Store: db.store, Twilio: client, URLs: interview.CallbackURLs{Base: "https://app.test"}, From: "+15557654321",
		Now: db.clock, Jitter: func() float64 { return 0 },
	}
}

// dialled is what the history of a call says of its dials, without the intents.
func (db *database) dialled(t *testing.T, callID string) (said []string) {
	t.Helper()
	for _, h := range db.detail(t, callID).History {
		if what, ok := strings.CutPrefix(h.What, "dial."); ok && what != "intent" {
			said = append(said, what)
		}
	}
	return said
}

// untouched reports that a call waits for a dial, without an intent.
func (db *database) untouched(t *testing.T, callID string) bool {
	t.Helper()
	call := db.detail(t, callID).Call
	return call.Status == interview.CallQueued && call.DialedAt == nil
}

func TestOneDialHasOneOutcome(t *testing.T) {
	onBoth(t, oneOutcome)
}

func oneOutcome(t *testing.T, db *database) {
	for name, test := range map[string]struct {
		placed bool // whether Twilio placed the call before it answered
		answer http.HandlerFunc
		want   string
		status interview.CallStatus
		code   int
	}{
		"accepted":                       {true, created, "accepted", interview.CallDialing, 0},
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
			c, id := newFakeTwilio(t), db.call(t)
			if test.placed {
				c.place(test.answer)
			} else {
				c.answers = []http.HandlerFunc{test.answer}
			}
			f := newOrchestrate(t, db, c.URL, 0)
			if err := f.Run(t.Context(), db.start(t, interview.OrchestrateCall, id)); err != nil {
				t.Fatal(err)
			}
			call, state := db.detail(t, id).Call, db.runState(t, interview.OrchestrateCall, id)
			if said := db.dialled(t, id); !slices.Equal(said, []string{test.want}) || call.Status != test.status || state != interview.RunDone {
				t.Errorf("recorded %q, call %s, run %s", said, call.Status, state)
			}
			if last := db.detail(t, id).History; last[len(last)-1].Detail == "" {
				t.Error("no reason is given")
			}
			if (call.TwilioSid != "") != (test.want == "accepted") {
				t.Errorf("CallSid %q", call.TwilioSid)
			}
			if call.ErrorCode != test.code || (test.want == "refused" && call.ErrorMessage == "") {
				t.Errorf("error kept: %d %q", call.ErrorCode, call.ErrorMessage)
			}
			// Twilio answers nothing more: another run that dials fails the test.
			db.change(t, id, func(*interview.Call) interview.Change {
				return interview.Change{Jobs: []interview.Job{interview.NewRedial(id, 1)}}
			})
			if err := f.Run(t.Context(), db.start(t, interview.OrchestrateCall, id+":redial:1")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRefusalOfTheAccountLeavesTheCallQueued(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		for code, answer := range map[int]http.HandlerFunc{
			20003: reply(401, `{"code":20003,"message":"Authenticate","status":401}`),
			20005: reply(403, `{"code":20005,"message":"Account not active","status":403}`),
			20404: reply(404, `{"code":20404,"message":"not found","status":404}`),
			21210: reply(400, `{"code":21210,"message":"not verified","status":400}`),
			29999: reply(403, `{"code":29999,"message":"+15551234567 may not be called","status":403}`),
		} {
			c, id := newFakeTwilio(t, answer), db.call(t)
			err := newOrchestrate(t, db, c.URL, 0).Run(t.Context(), db.start(t, interview.OrchestrateCall, id))
			until, waits := jobs.WaitUntil(err)
			if !waits || !until.Equal(now.Add(10*time.Second)) || strings.Contains(err.Error(), "5551234567") {
				t.Errorf("%d: %v", code, err)
			}
			if state := db.runState(t, interview.OrchestrateCall, id); !db.untouched(t, id) || state != interview.RunRunning {
				t.Errorf("%d: call %+v, run %s", code, db.detail(t, id).Call, state)
			}
			pauses, err := db.store.DialingPauses(t.Context())
			if err != nil || len(pauses) != 1 || pauses[0].Account != account || pauses[0].Code != code {
				t.Errorf("%d: pauses %+v, %v", code, pauses, err)
			}
			db.exec(t, `DELETE FROM dialing_pauses`)
		}
	})
}

func TestTimeoutAfterPlacingDoesNotDialAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		release := make(chan struct{})
		c, id := newFakeTwilio(t), db.call(t)
		c.place(func(http.ResponseWriter, *http.Request) { <-release })
		defer close(release)
		if err := newOrchestrate(t, db, c.URL, time.Second).Run(t.Context(), db.start(t, interview.OrchestrateCall, id)); err != nil {
			t.Fatal(err)
		}
		if _, started, err := db.tryStart(t, interview.OrchestrateCall, id); started != jobs.RunOver || err != nil {
			t.Errorf("the run starts again: %v, %v", started, err)
		}
		if status := db.detail(t, id).Call.Status; status != interview.CallDialUnknown || c.calls() != 1 {
			t.Errorf("call %s, %d placed", status, c.calls())
		}
	})
}

// The program is told to stop while Twilio is placing the call: the outcome must still be written down.
func TestShutdownWhileDiallingIsRecorded(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		ctx, stop := context.WithCancel(t.Context())
		release := make(chan struct{})
		c, id := newFakeTwilio(t), db.call(t)
		c.place(func(http.ResponseWriter, *http.Request) { stop(); <-release })
		defer close(release)
		if err := newOrchestrate(t, db, c.URL, 0).Run(ctx, db.start(t, interview.OrchestrateCall, id)); err != nil {
			t.Fatal(err)
		}
		if status := db.detail(t, id).Call.Status; status != interview.CallDialUnknown {
			t.Errorf("call %s", status)
		}
	})
}

func throttled(after string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		reply(429, `{"code":20429,"message":"Too many requests","status":429}`)(w, r)
	}
}

func TestTooManyRequestsWaitsAndThenDialsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		c, id := newFakeTwilio(t, throttled(""), throttled(""), throttled("60"), throttled("1")), db.call(t)
		c.place(created)
		f, run := newOrchestrate(t, db, c.URL, 0), db.start(t, interview.OrchestrateCall, id)
		for i, want := range []time.Duration{5 * time.Second, 10 * time.Second, time.Minute, 40 * time.Second} {
			until, ok := jobs.WaitUntil(f.Run(t.Context(), run))
			if !ok || until.Sub(now) != want {
				t.Errorf("attempt %d waits %v, want %v", i+1, until.Sub(now), want)
			}
			if !db.untouched(t, id) || db.runState(t, interview.OrchestrateCall, id) != interview.RunRunning {
				t.Fatalf("attempt %d: call %+v", i+1, db.detail(t, id).Call)
			}
			run = db.wait(t, run, until)
		}
		if err := f.Run(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		if _, started, err := db.tryStart(t, interview.OrchestrateCall, id); started != jobs.RunOver || err != nil {
			t.Errorf("the run starts again: %v, %v", started, err)
		}
		if status := db.detail(t, id).Call.Status; c.calls() != 1 || status != interview.CallDialing {
			t.Errorf("%d placed, call %s", c.calls(), status)
		}
	})
}

func TestWaitOfADialGrowsToABound(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		id := db.call(t)
		var until time.Time
		for run := db.start(t, interview.OrchestrateCall, id); len(db.dialled(t, id)) < 9; run = db.wait(t, run, until) {
			until, _ = jobs.WaitUntil(newOrchestrate(t, db, newFakeTwilio(t, throttled("")).URL, 0).Run(t.Context(), run))
		}
		if until.Sub(now) != 5*time.Minute {
			t.Errorf("waits %v", until.Sub(now))
		}
	})
}

func TestDialThatNeverLeftUsIsDialledAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		id := db.call(t)
		run := db.start(t, interview.OrchestrateCall, id)
		err := newOrchestrate(t, db, "http://127.0.0.1:1", 0).Run(t.Context(), run)
		if _, waits := jobs.WaitUntil(err); err == nil || jobs.IsPermanent(err) || waits {
			t.Fatalf("got %v, want an error that is tried again", err)
		}
		if !db.untouched(t, id) {
			t.Fatalf("call %+v", db.detail(t, id).Call)
		}
		c := newFakeTwilio(t)
		c.place(created)
		err = newOrchestrate(t, db, c.URL, 0).Run(t.Context(), db.wait(t, run, now))
		if status := db.detail(t, id).Call.Status; err != nil || status != interview.CallDialing {
			t.Errorf("%v, call %s", err, status)
		}
	})
}

// The database is gone when Twilio's receipt arrives: the next attempt must not dial.
func TestLostReceiptIsNotDialledAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		c, id := newFakeTwilio(t), db.call(t)
		c.place(func(w http.ResponseWriter, r *http.Request) {
			db.goAway(errors.New("database is down"))
			created(w, r)
		})
		f := newOrchestrate(t, db, c.URL, 0)
		if err := f.Run(t.Context(), db.start(t, interview.OrchestrateCall, id)); err == nil || jobs.IsPermanent(err) {
			t.Fatalf("got %v", err)
		}
		db.goAway(nil)
		if err := f.Run(t.Context(), db.takeOver(t, interview.OrchestrateCall, id)); err != nil {
			t.Fatal(err)
		}
		if status := db.detail(t, id).Call.Status; c.calls() != 1 || status != interview.CallDialUnknown {
			t.Errorf("%d placed, call %s", c.calls(), status)
		}
	})
}

func TestRunThatMayNotDialDialsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		down := errors.New("down")
		first := db.call(t)
		run := db.start(t, interview.OrchestrateCall, first)
		c := newFakeTwilio(t)
		f := newOrchestrate(t, db, c.URL, 0)

		db.goAway(down)
		if err := f.Run(t.Context(), run); !errors.Is(err, down) {
			t.Errorf("the database is away: %v", err)
		}
		db.goAway(nil)
		newer := db.takeOver(t, interview.OrchestrateCall, first)
		if err := f.Run(t.Context(), run); !errors.Is(err, jobs.ErrLostRun) {
			t.Errorf("the run was taken over: %v", err)
		}
		broken := newer
		broken.Args = []byte(`{`)
		if err := f.Run(t.Context(), broken); !jobs.IsPermanent(err) {
			t.Errorf("broken arguments: %v", err)
		}
		if !db.untouched(t, first) {
			t.Errorf("call %+v", db.detail(t, first).Call)
		}
		c.place(created)
		if err := f.Run(t.Context(), newer); err != nil {
			t.Fatal(err)
		}
		second := db.call(t)
		err := f.Run(t.Context(), db.start(t, interview.OrchestrateCall, second))
		if until, waits := jobs.WaitUntil(err); !waits || !until.Equal(db.clock().Add(time.Minute)) || !db.untouched(t, second) {
			t.Errorf("over the rate: %v", err)
		}
	}, func(o *store.Options) { o.DialsPerMinute = 1 })
}

func TestTwilioIsToldWhereToReport(t *testing.T) {
	onBoth(t, func(t *testing.T, db *database) {
		c, id := newFakeTwilio(t), db.call(t)
		c.place(func(w http.ResponseWriter, r *http.Request) {
			if r.Form.Get("To") != db.detail(t, id).Call.PhoneNumber || r.Form.Get("From") != "+15557654321" {
				t.Errorf("numbers: %v", r.Form)
			}
			for name, path := range map[string]string{"Url": "voice", "FallbackUrl": "voice", "StatusCallback": "status"} {
				got := r.Form.Get(name)
				if !strings.HasPrefix(got, "https://app.test/api/webhooks/twilio/"+path+"?callId="+id) ||
					!strings.HasSuffix(got, "#rc=5&rp=5xx,ct,rt&rt=4500&ct=2000") {
					t.Errorf("%s: %s", name, got)
				}
			}
			created(w, r)
		})
		if err := newOrchestrate(t, db, c.URL, 0).Run(t.Context(), db.start(t, interview.OrchestrateCall, id)); err != nil {
			t.Fatal(err)
		}
	})
}
