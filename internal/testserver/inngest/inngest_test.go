package inngest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inngest/inngestgo"
	"github.com/inngest/inngestgo/step"

	"github.com/i-agent/iagent/internal/testserver/inngest"
)

const eventKey, signingKey = "an-event-key", "signkey-test-0123456789abcdef0123456789abcdef"

// app is an application of the official SDK with one function, "work", started by "work/asked".
type app struct {
	client    inngestgo.Client
	server    *inngest.Server
	functions *httptest.Server
}

type input = inngestgo.Input[map[string]any]

func serve(t *testing.T, config inngest.Config, options inngestgo.FunctionOpts, work func(ctx context.Context, in input) (any, error)) *app {
	t.Helper()
	a := &app{}
	events := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.server.ServeHTTP(w, r) }))
	t.Cleanup(events.Close)
	key, sign, dev := eventKey, signingKey, false
	var err error
	a.client, err = inngestgo.NewClient(inngestgo.ClientOpts{
		AppID: "app", EventKey: &key, SigningKey: &sign, Dev: &dev, APIBaseURL: &events.URL, EventAPIBaseURL: &events.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	options.ID = "work"
	if _, err := inngestgo.CreateFunction(a.client, options, inngestgo.EventTrigger("work/asked", nil), work); err != nil {
		t.Fatal(err)
	}
	a.functions = httptest.NewServer(a.client.Serve())
	t.Cleanup(a.functions.Close)
	config.AppURL, config.EventKey = a.functions.URL+"/api/inngest", eventKey
	if config.SigningKey == "" {
		config.SigningKey = signingKey
	}
	a.server = inngest.New(config)
	t.Cleanup(a.server.Close)
	return a
}

// run syncs, as Inngest Cloud does, and makes the server call functions until the test ends.
func (a *app) run(t *testing.T) *app {
	t.Helper()
	if err := a.server.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a.call(t)
}

// call makes the server call functions until the test ends.
func (a *app) call(t *testing.T) *app {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.server.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return a
}

func (a *app) send(t *testing.T, id string) {
	t.Helper()
	e := inngestgo.Event{ID: &id, Name: "work/asked", Data: map[string]any{"id": id, "group": id[:1], "note": "a <b> & ü"}}
	if _, err := a.client.Send(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

// ended waits until so many runs have ended.
func (a *app) ended(t *testing.T, want int) []inngest.Run {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		runs, n := a.server.Runs(), 0
		for _, r := range runs {
			if r.State == inngest.Completed || r.State == inngest.Failed {
				n++
			}
		}
		if n >= want {
			return runs
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d runs ended: %+v", n, want, runs)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestEventsOfOneIDStartOneRun(t *testing.T) {
	a := serve(t, inngest.Config{}, inngestgo.FunctionOpts{}, func(_ context.Context, in input) (any, error) {
		return in.Event.Data["id"], nil
	}).run(t)
	for _, id := range []string{"a", "a", "b"} {
		a.send(t, id)
	}
	runs := a.ended(t, 2)
	if len(runs) != 2 || runs[0].Output != "\"a\"\n" || runs[1].Output != "\"b\"\n" || runs[0].Function != "app-work" {
		t.Errorf("%+v", runs)
	}
}

func TestEventBeforeTheRegistrationStartsNothing(t *testing.T) {
	a := serve(t, inngest.Config{}, inngestgo.FunctionOpts{}, func(context.Context, input) (any, error) { return nil, nil })
	a.send(t, "a") // answered 200
	a.run(t)
	a.send(t, "b")
	if runs := a.ended(t, 1); len(runs) != 1 || runs[0].Event.ID != "b" {
		t.Errorf("%+v", runs)
	}
}

// The SDK answers a signed PUT with its functions, and the self-hosted server does not read them.
func TestAnswerToAPollDoesNotRegister(t *testing.T) {
	var polls atomic.Int32
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && r.Header.Get("X-Inngest-Signature") != "" {
			polls.Add(1)
		}
		_, _ = w.Write([]byte(`{"app_id":"app","functions":[{"id":"app-work","triggers":[{"event":"work/asked"}]}]}`))
	}))
	defer application.Close()
	s := inngest.New(inngest.Config{AppURL: application.URL, SigningKey: signingKey, Poll: 5 * time.Millisecond})
	a := (&app{server: s}).call(t)
	for deadline := time.Now().Add(20 * time.Second); polls.Load() < 3 && time.Now().Before(deadline); {
		<-time.After(5 * time.Millisecond)
	}
	if polls.Load() < 3 || a.server.Registered() != "" {
		t.Errorf("%d polls, registered %q", polls.Load(), a.server.Registered())
	}
}

func TestRegistrationIsByTheHashOfTheSigningKey(t *testing.T) {
	const body = `{"appName":"app","url":"http://x","functions":[{"id":"app-work","retries":%d,"steps":{"step":{"runtime":{"url":"http://x?fnId=app-work"}}}}]}`
	s := inngest.New(inngest.Config{SigningKey: signingKey})
	secret, err := hex.DecodeString(strings.TrimPrefix(signingKey, "signkey-test-"))
	if err != nil {
		t.Fatal(err)
	}
	hashed := fmt.Sprintf("Bearer signkey-test-%x", sha256.Sum256(secret))
	for _, tc := range []struct {
		name, authorization, kind string
		retries, status           int
		says                      string
	}{
		{"nobody", "", "", 1, 401, "Authentication failed"},
		{"another", "Bearer ffff", "", 1, 401, "Authentication failed"},
		{"for a development server", hashed, "dev", 1, 400, "Expected server kind"},
		{"too many retries", hashed, "cloud", 21, 400, "invalid"},
		{"first", hashed, "cloud", 20, 200, `"modified":true`},
		{"again", hashed, "cloud", 20, 200, `"modified":false`},
		{"changed", hashed, "", 19, 200, `"modified":true`},
	} {
		r := httptest.NewRequest("POST", "/fn/register", strings.NewReader(fmt.Sprintf(body, tc.retries)))
		r.Header.Set("Authorization", tc.authorization)
		r.Header.Set("X-Inngest-Expected-Server-Kind", tc.kind)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.says) {
			t.Errorf("%s: %d %s", tc.name, w.Code, w.Body)
		}
	}
}

func TestCallThatReachesNobodyUsesUpAnAttempt(t *testing.T) {
	options := inngestgo.FunctionOpts{Retries: inngestgo.IntPtr(2)}
	a := serve(t, inngest.Config{Backoff: time.Millisecond}, options, func(context.Context, input) (any, error) { return nil, nil })
	if err := a.server.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.functions.Close()
	a.call(t).send(t, "a")
	if runs := a.ended(t, 1); runs[0].State != inngest.Failed || runs[0].Calls != 3 {
		t.Errorf("%+v", runs)
	}
}

func TestPausesGrowFromTheFirst(t *testing.T) {
	var seconds atomic.Int64
	now := func() time.Time { return time.Unix(1_800_000_000+seconds.Load(), 0) }
	a := serve(t, inngest.Config{Now: now}, inngestgo.FunctionOpts{Retries: inngestgo.IntPtr(3)}, func(context.Context, input) (any, error) {
		return nil, errors.New("no luck")
	}).run(t)
	a.send(t, "a")
	waits := func(calls int) bool {
		run := a.server.Runs()[0]
		return run.Calls == calls && run.State == inngest.Queued
	}
	for n, pause := range []int64{15, 30, 60} {
		for deadline := time.Now().Add(20 * time.Second); !waits(n+1) && time.Now().Before(deadline); {
			<-time.After(5 * time.Millisecond)
		}
		seconds.Add(pause - 1)
		<-time.After(50 * time.Millisecond) // many looks at the queue
		if !waits(n + 1) {
			t.Fatalf("%+v, want it to wait after call %d", a.server.Runs()[0], n+1)
		}
		seconds.Add(1)
	}
	a.ended(t, 1)
}

func TestStepThatWasDoneIsNotRunAgain(t *testing.T) {
	var first, second atomic.Int32
	a := serve(t, inngest.Config{Backoff: time.Millisecond}, inngestgo.FunctionOpts{}, func(ctx context.Context, _ input) (any, error) {
		n, err := step.Run(ctx, "first", func(context.Context) (int, error) { return int(first.Add(1)), nil })
		if err != nil {
			return nil, err
		}
		return step.Run(ctx, "second", func(context.Context) (string, error) {
			if second.Add(1) < 3 {
				return "", errors.New("not yet")
			}
			return fmt.Sprint("after ", n), nil
		})
	}).run(t)
	a.send(t, "a")
	runs := a.ended(t, 1)
	if first.Load() != 1 || second.Load() != 3 || runs[0].State != inngest.Completed || runs[0].Output != "\"after 1\"\n" {
		t.Errorf("first ran %d times, second %d: %+v", first.Load(), second.Load(), runs)
	}
}

func TestErrorsAreRetriedAsOftenAsAllowed(t *testing.T) {
	for _, tc := range []struct {
		name  string
		err   error
		calls int
	}{
		{"plain", errors.New("no luck"), 3},
		{"with a time", inngestgo.RetryAtError(errors.New("later"), time.Now()), 3},
		{"final", inngestgo.NoRetryError(errors.New("never")), 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			options := inngestgo.FunctionOpts{Retries: inngestgo.IntPtr(2)}
			a := serve(t, inngest.Config{Backoff: time.Millisecond}, options, func(context.Context, input) (any, error) {
				return nil, tc.err
			}).run(t)
			a.send(t, "a")
			if runs := a.ended(t, 1); runs[0].State != inngest.Failed || runs[0].Calls != tc.calls {
				t.Errorf("want %d calls: %+v", tc.calls, runs)
			}
		})
	}
}

func TestRequestsWithoutTheKeysAreRefused(t *testing.T) {
	a := serve(t, inngest.Config{SigningKey: "signkey-test-ffffffffffffffffffffffffffffffff"}, inngestgo.FunctionOpts{},
		func(context.Context, input) (any, error) { return nil, nil })
	if err := a.server.Sync(t.Context()); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("an application took another's sync: %v", err)
	}
	wrong := "another-key"
	options := a.client.Options()
	options.EventKey = &wrong
	if err := a.client.SetOptions(options); err != nil {
		t.Fatal(err)
	}
	if _, err := a.client.Send(t.Context(), inngestgo.Event{Name: "work/asked"}); err == nil || len(a.server.Events()) > 0 {
		t.Errorf("an event with a wrong key was taken: %v", err)
	}
}
