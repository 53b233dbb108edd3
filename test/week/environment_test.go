package week_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/simulator"
)

// environment is an i-agent and the Twilio that it talks to, on one clock. Time passes in pass alone, and stands still while anything is done.
type environment struct {
	t     *testing.T
	clock *simulator.Clock
	sim   *simulator.Simulator
	api   e2etest.API
	front *httptest.Server
	url   string // of Twilio and the models

	database  string
	configure func(*app.Config)
	plans     []plan // what the test wants to happen, in order

	mu      sync.Mutex // held while the program is replaced
	program *program
	kills   int
}

// plan is something that the test does at a time.
type plan struct {
	at time.Time
	do func()
}

// program is one process of i-agent, as far as the database and Twilio can tell: once it is killed, none of its statements takes
// effect and none of its answers arrives.
type program struct {
	app  *app.App
	left atomic.Int64 // round trips until it is killed; negative: it is not to be
	late bool         // the last round trip takes effect, and nobody is told
	dead atomic.Bool
}

// errKilled is what the statements of a killed program get.
var errKilled = errors.New("the process was killed")

// around runs a round trip of a write transaction, or kills the program before or after it.
func (p *program) around(roundTrip func() error) error {
	if p.dead.Load() {
		return errKilled
	}
	left := p.left.Add(-1)
	if left != 0 {
		return roundTrip()
	}
	if p.late {
		_ = roundTrip()
	}
	p.dead.Store(true)
	return errKilled
}

// newEnvironment opens an environment that begins at start. configure may be nil.
func newEnvironment(t *testing.T, database string, start time.Time, config simulator.Config, configure func(*app.Config)) *environment {
	t.Helper()
	w := &environment{t: t, clock: simulator.NewClock(start), database: database, configure: configure}
	config.AccountSid, config.AuthToken, config.OpenAIKey = e2etest.Account, e2etest.Token, e2etest.ModelsToken
	config.Clock, config.MarksDuplicates, config.Channels = w.clock, true, simulator.ChannelsPersonFirst
	if config.Slowness == 0 {
		config.Slowness = time.Millisecond
	}
	var err error
	if w.sim, err = simulator.New(config); err != nil {
		t.Fatal(err)
	}
	twilio := httptest.NewServer(w.sim)
	w.front, w.url = httptest.NewServer(http.HandlerFunc(w.serve)), twilio.URL
	w.open()
	w.api = e2etest.API{Client: &e2e.Client{URL: func() string { return w.front.URL }, Token: e2etest.AdminToken, Retry: true}}
	t.Cleanup(func() {
		_ = w.sim.Close()
		w.front.Close()
		twilio.Close()
		w.program.app.Close()
	})
	return w
}

// open starts a program; mu is held, or nothing else runs yet.
func (w *environment) open() {
	config := app.Config{
		AuthToken: e2etest.Token, AccountSid: e2etest.Account, PhoneNumber: "+15550000000", APIURL: w.url, URL: w.front.URL, DatabaseURL: w.database,
		Host: "127.0.0.1", Port: "0", AdminToken: e2etest.AdminToken, OpenAIBaseURL: w.url + "/v1", OpenAIKey: e2etest.ModelsToken,
		TranscribeModel: "simulated", ExtractModel: "simulated", JobsEngine: "river", DialsPerMinute: "1000", LogFormat: "text", LogLevel: "error",
	}
	if w.configure != nil {
		w.configure(&config)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") // that nobody serves
	if err != nil {
		w.t.Error(err)
		return
	}
	p := &program{late: w.kills%2 == 1}
	p.left.Store(-1)
	p.app, err = app.Open(context.Background(), config, app.Options{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Listener: listener, Now: w.clock.Now, StopWithin: time.Second,
		Store: store.Options{Around: p.around}, TwilioPerSecond: 1e6,
	})
	if err != nil {
		w.t.Error(err)
		return
	}
	w.program = p
}

// running is the program that runs now: in the place of one that was killed, another one.
func (w *environment) running() *program {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.program.dead.Load() {
		w.kills++
		w.program.app.Close()
		w.open()
	}
	return w.program
}

// kill kills the program after so many more round trips to its database.
func (w *environment) kill(after int) { w.running().left.Store(int64(max(after, 1))) }

// serve passes a request to the program that runs. One that is killed before its answer is out answers nothing.
func (w *environment) serve(rw http.ResponseWriter, r *http.Request) {
	p, answer := w.running(), httptest.NewRecorder()
	p.app.Handler().ServeHTTP(answer, r)
	if p.dead.Load() {
		panic(http.ErrAbortHandler) // net/http: breaks the connection without an answer
	}
	for name, values := range answer.Header() {
		rw.Header()[name] = values
	}
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes())
}

// at has the test do something at a time, before the program does what is due then.
func (w *environment) at(at time.Time, do func()) {
	w.plans = append(w.plans, plan{at, do})
	slices.SortStableFunc(w.plans, func(a, b plan) int { return a.at.Compare(b.at) })
}

// pass lets time pass until a moment: whatever is due until then is done, in the order of its time.
func (w *environment) pass(until time.Time) {
	w.t.Helper()
	ctx := w.t.Context()
	for moment, rounds := w.clock.Now(), 0; ; rounds++ {
		now := w.clock.Now()
		if !now.Equal(moment) {
			moment, rounds = now, 0
		}
		if rounds > 10_000 {
			w.t.Fatalf("at %s there is no end of what is due", now)
		}
		w.idle()
		for len(w.plans) > 0 && !w.plans[0].at.After(now) {
			do := w.plans[0].do
			w.plans = w.plans[1:]
			do()
		}
		p, begun := w.running(), w.clock.Begun()
		due, err := p.app.Step(ctx)
		if p.dead.Load() || w.clock.Begun() != begun { // another program goes on, or what was done has begun calls
			continue
		}
		if err != nil {
			w.t.Fatalf("at %s: %v", now, err)
		}
		next := until
		for _, other := range []time.Time{due, w.nextPlan(), w.nextCall()} {
			if !other.IsZero() && other.Before(next) {
				next = other
			}
		}
		if !next.After(now) {
			return
		}
		w.clock.AdvanceTo(next)
	}
}

func (w *environment) idle() {
	w.t.Helper()
	if err := w.clock.WaitIdle(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *environment) nextPlan() time.Time {
	if len(w.plans) == 0 {
		return time.Time{}
	}
	return w.plans[0].at
}

func (w *environment) nextCall() time.Time {
	next, _ := w.clock.Next()
	return next
}

// byNumber are the truths of calls, by the number of the person, in the order in which they were asked for.
func (w *environment) byNumber() map[string][]simulator.Truth {
	truths := map[string][]simulator.Truth{}
	for _, truth := range w.sim.Truths() {
		truths[truth.To] = append(truths[truth.To], truth)
	}
	for _, of := range truths {
		slices.SortStableFunc(of, func(a, b simulator.Truth) int {
			return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.CallSid, b.CallSid))
		})
	}
	return truths
}
