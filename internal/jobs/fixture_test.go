package jobs_test

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/testserver/inngest"
)

const eventKey, signingKey = "an-event-key", "signkey-test-0123456789abcdef0123456789abcdef"

// clock is the real time, and whatever it was advanced by.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// fixture is a ledger, an engine with one function, orchestrate-call, and for Inngest a server that calls it.
type fixture struct {
	t      *testing.T
	clock  *clock
	store  *store.Store
	server *inngest.Server // nil on River
	app    string          // where Inngest calls
	stop   func()          // the engine
	// handler is the engine's, nil while none runs.
	handler atomic.Pointer[http.Handler]
}

// TestMain lets more tests run at once than there are processors: most of them wait, for River's timers or Inngest's.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	m.Run()
}

// open makes a fixture whose engine does not run yet.
func open(t *testing.T, url string) *fixture {
	t.Helper()
	r := &fixture{t: t, clock: &clock{}}
	var err error
	if r.store, err = store.Open(t.Context(), url, store.Options{Now: r.clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.store.Close)
	if db := r.store.SQLite(); db != nil {
		// These tests kill no machine, so they need not wait for the disk at every commit.
		if _, err := db.ExecContext(t.Context(), "PRAGMA synchronous = OFF"); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// body is a function's.
type body func(ctx context.Context, run interview.Run) error

// run starts the engine; server, when set, makes it run on Inngest.
func (r *fixture) run(work body, server *inngest.Config) *fixture {
	r.t.Helper()
	config := jobs.Config{
		Ledger: r.store, Now: r.clock.Now, StopWithin: 500 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Functions: []jobs.Function{{Name: interview.OrchestrateCall, Concurrency: 2, Run: work}},
	}
	if server == nil {
		r.start(config)
		return r
	}
	var registered atomic.Bool
	r.onInngest(&config, server)
	config.Inngest.OnState = registered.Store
	r.start(config)
	r.background(r.server.Run)
	// An event from before would be sent again.
	r.until("it is registered", registered.Load)
	return r
}

// onInngest makes an engine with this configuration run on a new server, which polls the application as the self-hosted one
// does.
func (r *fixture) onInngest(config *jobs.Config, server *inngest.Config) {
	r.t.Helper()
	events := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.server.ServeHTTP(w, q) }))
	r.t.Cleanup(events.Close)
	functions := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if handler := r.handler.Load(); handler != nil {
			(*handler).ServeHTTP(w, q)
			return
		}
		panic(http.ErrAbortHandler) // as if nobody listened
	}))
	r.t.Cleanup(functions.Close)
	r.app = functions.URL + "/api/inngest"
	server.AppURL, server.EventKey, server.SigningKey, server.Now = r.app, eventKey, signingKey, r.clock.Now
	r.server = inngest.New(*server)
	r.t.Cleanup(r.server.Close)
	config.Inngest = &jobs.InngestConfig{EventKey: eventKey, SigningKey: signingKey, BaseURL: events.URL, ServeURL: r.app}
}

// newEngine makes an engine on the database of the fixture.
func (r *fixture) newEngine(config jobs.Config) (engine *jobs.Engine) {
	r.t.Helper()
	var err error
	if pool := r.store.Postgres(); pool != nil {
		engine, err = jobs.NewPostgres(pool, config)
	} else {
		engine, err = jobs.NewSQLite(r.store.SQLite(), config)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return engine
}

func (r *fixture) start(config jobs.Config) *jobs.Engine {
	r.t.Helper()
	engine := r.newEngine(config)
	if handler := engine.Inngest(); handler != nil {
		r.handler.Store(&handler)
	}
	stop := r.background(func(ctx context.Context) {
		if err := engine.Run(ctx); err != nil {
			r.t.Error(err)
		}
	})
	r.stop = func() {
		stop()
		r.handler.Store(nil)
	}
	return engine
}

// background runs f until the returned function is called, or the test ends.
func (r *fixture) background(f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f(ctx)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	r.t.Cleanup(stop)
	return stop
}

// enqueue creates runs, as many as calls, and returns the calls' ids.
func (r *fixture) enqueue(calls int) []string {
	r.t.Helper()
	campaign, err := r.store.CreateCampaign(r.t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
	if err != nil {
		r.t.Fatal(err)
	}
	numbers := make([]string, calls)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+1555000%04d", i)
	}
	var ids []string
	_, err = r.store.CreateCalls(r.t.Context(), store.NewCalls{
		CampaignID: campaign.ID, PhoneNumbers: numbers, RequestHash: sha256.Sum256(nil),
		Answer: func(created []interview.Call) (store.Answer, error) {
			ids = nil
			for _, c := range created {
				ids = append(ids, c.ID)
			}
			return store.Answer{Status: 202}, nil
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return ids
}

// events are those of runs that came to Inngest: without the pings.
func (r *fixture) events() []inngest.Event {
	return slices.DeleteFunc(r.server.Events(), func(e inngest.Event) bool { return e.Name == "iagent/ping" })
}

// called are the runs of Inngest that are no pings.
func (r *fixture) called() []inngest.Run {
	return slices.DeleteFunc(r.server.Runs(), func(run inngest.Run) bool { return run.Event.Name == "iagent/ping" })
}

// untilFailed waits for the end of an attempt of the only run, at Inngest, too: it waits there for the time that it was told.
func (r *fixture) untilFailed(attempt int) {
	r.t.Helper()
	r.until("attempt failed", func() bool {
		run, called := r.only(), r.called()
		return run.State == interview.RunWaiting && run.Attempts == attempt && len(called) > 0 && called[len(called)-1].State == inngest.Queued
	})
}

// only is the one run there is.
func (r *fixture) only() store.LedgerRun {
	r.t.Helper()
	runs, err := r.store.Runs(context.Background(), store.RunFilter{}, store.Page{Limit: 2})
	if err != nil || len(runs.Items) != 1 {
		r.t.Fatalf("%d runs, %v", len(runs.Items), err)
	}
	return runs.Items[0]
}

// until polls until what it waits for has happened; its limit is no measure of speed, machines may be busy.
func (r *fixture) until(what string, happened func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !happened(); {
		if time.Now().After(deadline) {
			r.t.Fatalf("%s: never", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// untilState waits for the state of the only run.
func (r *fixture) untilState(want interview.RunState) store.LedgerRun {
	r.t.Helper()
	var run store.LedgerRun
	r.until("run is "+string(want), func() bool {
		run = r.only()
		return run.State == want
	})
	return run
}
