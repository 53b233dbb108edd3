package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/testserver/inngest"
)

// lines is a log.
type lines struct{ e2e.LogBuffer }

// count is how many lines there are of a level that say something.
func (l *lines) count(level slog.Level, words string) int {
	n := 0
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, "level="+level.String()) && strings.Contains(line, words) {
			n++
		}
	}
	return n
}

// states are what was heard of the registration, without repetitions.
type states struct {
	mu   sync.Mutex
	list []bool
}

func (s *states) add(registered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == 0 || s.list[len(s.list)-1] != registered {
		s.list = append(s.list, registered)
	}
}

func (s *states) are(want ...bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Equal(s.list, want)
}

// prepared is a fixture with an Inngest that nobody runs yet, and the configuration of an engine that would use it.
func prepared(t *testing.T, url string, server inngest.Config, work body) (*fixture, jobs.Config, *lines, *states) {
	t.Helper()
	r, log, heard := open(t, url), &lines{}, &states{}
	config := jobs.Config{
		Ledger: r.store, Now: r.clock.Now, StopWithin: 500 * time.Millisecond, Log: slog.New(slog.NewTextHandler(log, nil)),
		Functions: []jobs.Function{{Name: interview.OrchestrateCall, Concurrency: 2, Run: work}},
	}
	r.onInngest(&config, &server)
	config.Inngest.OnState = heard.add
	return r, config, log, heard
}

func nothing(context.Context, interview.Run) error { return nil }

func TestFunctionsRegisterWithANewSelfHostedInngest(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		r, config, log, heard := prepared(t, url, inngest.Config{}, nothing)
		r.start(config)
		r.background(r.server.Run)
		r.enqueue(1)
		r.untilState(interview.RunDone)
		r.until("it is registered", func() bool { return heard.are(true) && log.count(slog.LevelInfo, "registered with Inngest") == 1 })
		if got := r.server.Registered(); got != r.app {
			t.Errorf("registered at %q, want %q", got, r.app)
		}
	})
}

// Nobody says so when a server was started again without what it had: the event that is out starts nothing any more.
func TestInngestThatForgotTheFunctionsIsToldAgain(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		var hold atomic.Bool
		hold.Store(true)
		r, config, _, heard := prepared(t, url, inngest.Config{
			Poll: 50 * time.Millisecond, Lose: func(e inngest.Event) bool { return e.Name == "call/orchestrate" && hold.Load() },
		}, nothing)
		r.start(config)
		r.background(r.server.Run)
		r.until("it is registered", func() bool { return heard.are(true) })
		ids := r.enqueue(1)
		r.until("the event is out", func() bool {
			_, unsent, err := r.store.UnsentRun(t.Context(), r.only().ID)
			return err == nil && !unsent && len(r.events()) == 1
		})
		hold.Store(false)
		r.server.Forget()
		r.untilState(interview.RunDone)
		if events := r.events(); len(events) != 2 || events[1].ID != "orchestrate-call:"+ids[0]+":1" {
			t.Errorf("%+v", events)
		}
	})
}

// While nobody answers, Inngest uses up its retries and makes its pauses longer, up to two hours.
func TestRunsComeBackSoonAfterTheProgramWasAway(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]time.Duration{"three minutes": 3 * time.Minute, "two days": 48 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.EachAtOnce(t, func(t *testing.T, url string) {
				r, config, _, _ := prepared(t, url, inngest.Config{}, nothing)
				r.start(config)
				// Inngest gets the event and calls only when the program is gone.
				until := time.Now().Add(60 * time.Second)
				ctx, stop := context.WithCancel(t.Context())
				calling := make(chan struct{})
				go func() { defer close(calling); r.server.Run(ctx) }()
				r.until("it is registered", func() bool { return r.server.Registered() != "" })
				stop()
				<-calling
				r.enqueue(3)
				r.until("the events are out", func() bool { return len(r.events()) == 3 && time.Now().Before(until) })
				r.stop()
				r.background(r.server.Run)
				for range 30 { // retries of Inngest's, in the time that it takes
					r.clock.Advance(away / 30)
					<-time.After(30 * time.Millisecond)
				}
				if r.called()[0].Calls < 2 {
					t.Fatalf("Inngest called nobody while the program was away: %+v", r.called()[0])
				}
				began := time.Now()
				r.start(config)
				r.until("all are done", func() bool {
					done := 0
					runs, err := r.store.Runs(t.Context(), store.RunFilter{}, store.Page{Limit: 100})
					if err != nil {
						t.Fatal(err)
					}
					for _, run := range runs.Items {
						if run.State == interview.RunDone && run.Attempts == 1 {
							done++
						}
					}
					return done == 3
				})
				if took := time.Since(began); took > 30*time.Second {
					t.Errorf("back after %s", took)
				}
			})
		})
	}
}

func TestInngestThatRefusesTheKeyIsReportedOnce(t *testing.T) {
	t.Parallel()
	r, config, log, heard := prepared(t, storetest.SQLite(t), inngest.Config{}, nothing)
	config.Inngest.SigningKey = "signkey-test-ffffffffffffffffffffffffffffffff"
	r.start(config)
	r.background(r.server.Run)
	r.until("it was tried again", func() bool { return heard.are(false) })
	<-time.After(4 * time.Second) // more attempts
	if n := log.count(slog.LevelError, "no function runs"); n != 1 || log.count(slog.LevelError, "401") != 1 {
		t.Errorf("%d lines:\n%s", n, log)
	}
	r.stop()
	// The key before it is still accepted.
	config.Inngest.SigningKeyFallback = signingKey
	r.start(config)
	r.enqueue(1)
	r.untilState(interview.RunDone)
}

// A registration is answered by a server that cannot reach the URL, or that has another signing key than it was told.
func TestInngestThatMakesNoCallsIsReported(t *testing.T) {
	t.Parallel()
	r, config, log, heard := prepared(t, storetest.SQLite(t), inngest.Config{}, nothing)
	r.start(config)
	serving := r.handler.Swap(nil)
	r.background(r.server.Run)
	r.until("it is noticed", func() bool { return heard.are(false) })
	if log.count(slog.LevelError, "made no call") != 1 || r.server.Registered() == "" {
		t.Errorf("registered at %q:\n%s", r.server.Registered(), log)
	}
	r.handler.Store(serving)
	r.until("it is over", func() bool {
		return heard.are(false, true) && log.count(slog.LevelInfo, "calls the functions again") == 1
	})
}

// gate stands before a server, and answers 503 while it is closed.
type gate struct {
	closed   atomic.Bool
	requests atomic.Int32 // with events of runs, while it is closed
}

func (g *gate) before(t *testing.T, config *jobs.InngestConfig, server func() http.Handler) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !g.closed.Load() {
			server().ServeHTTP(w, q)
			return
		}
		if strings.HasPrefix(q.URL.Path, "/e/") {
			g.requests.Add(1)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(s.Close)
	config.BaseURL = s.URL
}

func TestOutboxBacksOffWhileInngestTakesNoEvents(t *testing.T) {
	t.Parallel()
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		r, config, log, heard := prepared(t, url, inngest.Config{}, nothing)
		var g gate
		g.before(t, config.Inngest, func() http.Handler { return r.server })
		r.start(config)
		r.background(r.server.Run)
		r.until("it is registered", func() bool { return heard.are(true) })
		g.closed.Store(true)
		r.enqueue(50)
		<-time.After(7 * time.Second)
		// After about 1, 2 and 4 s: not once for each of fifty runs.
		if n := g.requests.Load(); n < 2 || n > 6 {
			t.Errorf("%d requests within seven seconds", n)
		}
		runs, err := r.store.Runs(t.Context(), store.RunFilter{}, store.Page{Limit: 100})
		if err != nil || !strings.Contains(runs.Items[len(runs.Items)-1].LastError, "Inngest answered 503") {
			t.Errorf("the operator cannot see why: %v, %+v", err, runs.Items[0])
		}
		g.closed.Store(false)
		r.until("all are sent", func() bool { return len(r.events()) == 50 })
		// Inngest may have all of them before one of the answers was read.
		r.until("it is said", func() bool { return log.count(slog.LevelInfo, "takes events again") > 0 })
		if n := log.count(slog.LevelWarn, ""); n != 1 || log.count(slog.LevelInfo, "takes events again") != 1 {
			t.Errorf("%d warnings:\n%s", n, log)
		}
	})
}

// The key is in the path of the URL that events are sent to.
func TestEventKeyIsNeitherInTheLedgerNorInTheLog(t *testing.T) {
	t.Parallel()
	r, config, log, _ := prepared(t, storetest.SQLite(t), inngest.Config{}, nothing)
	config.Inngest.BaseURL = "http://127.0.0.1:1"
	r.start(config)
	r.enqueue(1)
	r.until("it was tried", func() bool { return r.only().LastError != "" })
	if got := r.only().LastError; strings.Contains(got, eventKey) || !strings.Contains(got, "connection refused") {
		t.Errorf("ledger says %q", got)
	}
	if strings.Contains(log.String(), eventKey) {
		t.Errorf("log says:\n%s", log)
	}
}

func TestEveryAttemptIsReportedOnce(t *testing.T) {
	t.Parallel()
	var reported, calls atomic.Int32
	r, config, log, heard := prepared(t, storetest.SQLite(t), inngest.Config{}, func(context.Context, interview.Run) error {
		if calls.Add(1) < 3 {
			return errors.New("no luck")
		}
		return nil
	})
	config.OnAttempt = func(interview.Run, jobs.Result, time.Duration) { reported.Add(1) }
	r.start(config)
	r.background(r.server.Run)
	r.until("it is registered", func() bool { return heard.are(true) })
	r.enqueue(1)
	for attempt := 1; attempt < 3; attempt++ {
		r.untilFailed(attempt)
		r.clock.Advance(jobs.Backoff(attempt))
	}
	id := r.untilState(interview.RunDone).ID // on a busy machine River logs its own troubles
	r.until("the attempts are reported, the last after its end was committed", func() bool { return reported.Load() >= 3 })
	if n := log.count(slog.LevelWarn, id) + log.count(slog.LevelError, id); reported.Load() != 3 || n > 0 {
		t.Errorf("%d reports, and %d lines beside them:\n%s", reported.Load(), n, log)
	}
}

// The event that counted as lost may come after all, with pauses of its own.
func TestRunWhoseEventWasSentAgainGoesByTheLedgersPauses(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	r, config, _, heard := prepared(t, storetest.SQLite(t), inngest.Config{Backoff: time.Millisecond}, func(context.Context, interview.Run) error {
		calls.Add(1)
		return errors.New("no luck")
	})
	r.start(config)
	r.background(r.server.Run)
	r.until("it is registered", func() bool { return heard.are(true) })
	serving := r.handler.Swap(nil)
	r.enqueue(1)
	r.until("Inngest calls nobody", func() bool { return len(r.called()) == 1 && r.called()[0].Calls > 2 })
	r.until("the event is noted", func() bool {
		n, err := r.store.ResendRuns(t.Context(), r.only().ID, r.clock.Now().Add(time.Second))
		return err == nil && n == 1
	})
	r.handler.Store(serving)
	r.until("the first event is answered", func() bool { return r.called()[0].State == inngest.Completed })
	r.until("another event came", func() bool { return len(r.called()) == 2 })
	r.untilFailed(1)
	if run := r.only(); run.Attempts != 1 || calls.Load() != 1 {
		t.Errorf("%d calls: %+v", calls.Load(), run)
	}
}

// Calls that reached nobody have used up Inngest's retries: its last one is the ledger's first.
func TestLastRetryOfInngestIsNotTheLastOfTheLedger(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	r, config, _, heard := prepared(t, storetest.SQLite(t), inngest.Config{Backoff: time.Millisecond}, func(context.Context, interview.Run) error {
		if calls.Add(1) == 1 {
			return errors.New("no luck")
		}
		return nil
	})
	r.start(config)
	r.background(r.server.Run)
	r.until("it is registered", func() bool { return heard.are(true) })
	serving := r.handler.Load()
	var came atomic.Bool
	lastRetryOnly := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil || !came.Load() && !bytes.Contains(body, []byte(`"attempt":20,`)) {
			panic(http.ErrAbortHandler)
		}
		came.Store(true)
		q.Body = io.NopCloser(bytes.NewReader(body))
		(*serving).ServeHTTP(w, q)
	}))
	r.handler.Store(&lastRetryOnly)
	r.enqueue(1)
	r.until("another event is out", func() bool { return len(r.events()) == 2 })
	r.clock.Advance(jobs.Backoff(1))
	if run := r.untilState(interview.RunDone); run.Attempts != 2 || len(r.called()) != 2 {
		t.Errorf("%+v, %+v", run, r.called())
	}
}

func TestRefusedRequestsAreCountedInOneLine(t *testing.T) {
	t.Parallel()
	r, config, log, _ := prepared(t, storetest.SQLite(t), inngest.Config{}, nothing)
	r.start(config)
	for range 300 {
		answer, err := http.Post(r.app+"?fnId=iagent-orchestrate-call&stepId=step", "application/json", strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
	}
	if n := log.count(slog.LevelWarn, "not signed"); n != 1 {
		t.Errorf("%d lines:\n%s", n, log)
	}
}

func TestURLsOfOneServerAreTheSame(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"http://localhost:3000/api/inngest", "http://127.0.0.1:3000/api/inngest", true},
		{"https://calls.example.com:443/api/inngest", "https://calls.example.com/api/inngest", true},
		{"http://calls.example.com:443/api/inngest", "http://calls.example.com/api/inngest", false},
		{"https://calls.example.com/api/inngest", "http://calls.example.com/api/inngest", false},
		{"https://calls.example.com/v1/api/inngest", "https://calls.example.com/api/inngest", false},
		{"http://[::1]:3000/api/inngest", "http://localhost:3000/api/inngest", false},
	} {
		if got := jobs.SameURL(tc.a, tc.b); got != tc.want {
			t.Errorf("%s and %s: %v", tc.a, tc.b, got)
		}
	}
}

func TestServerThatAsksElsewhereIsReportedOnce(t *testing.T) {
	t.Parallel()
	r, config, log, heard := prepared(t, storetest.SQLite(t), inngest.Config{Poll: 20 * time.Millisecond}, nothing)
	// The program is reached under both, but the server's --sdk-url is not what is registered.
	config.Inngest.ServeURL = r.app + "/"
	r.start(config)
	r.background(r.server.Run)
	r.until("it is registered and was asked again", func() bool {
		return heard.are(true) && log.count(slog.LevelWarn, "another URL") > 0
	})
	<-time.After(200 * time.Millisecond) // ten more polls
	if n := log.count(slog.LevelWarn, "another URL"); n != 1 || log.count(slog.LevelInfo, "registered with Inngest") != 1 {
		t.Errorf("%d lines:\n%s", n, log)
	}
}
