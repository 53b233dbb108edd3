package inngest_test

import (
	"context"
	"errors"
	"fmt"
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
	client inngestgo.Client
	server *inngest.Server
}

type input = inngestgo.Input[map[string]any]

func serve(t *testing.T, config inngest.Config, options inngestgo.FunctionOpts, work func(ctx context.Context, in input) (any, error)) *app {
	t.Helper()
	a := &app{}
	events := httptest.NewServer(nil)
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
	functions := httptest.NewServer(a.client.Serve())
	t.Cleanup(functions.Close)
	config.AppURL, config.EventKey = functions.URL+"/api/inngest", eventKey
	if config.SigningKey == "" {
		config.SigningKey = signingKey
	}
	a.server = inngest.New(config)
	t.Cleanup(a.server.Close)
	events.Config.Handler = a.server
	return a
}

// run syncs and makes the server call functions until the test ends.
func (a *app) run(t *testing.T) *app {
	t.Helper()
	if err := a.server.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
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

func TestEventsOfOneIDStartTwoRuns(t *testing.T) {
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

// An application may work before its functions are known.
func TestEventBeforeTheSyncIsLost(t *testing.T) {
	a := serve(t, inngest.Config{}, inngestgo.FunctionOpts{}, func(context.Context, input) (any, error) { return nil, nil })
	a.send(t, "a")
	a.run(t)
	if runs := a.ended(t, 1); len(runs) != 1 || runs[0].Event.ID != "a" {
		t.Errorf("%+v", runs)
	}
}

func TestStepThatWasDoneIsRunAgain(t *testing.T) {
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

func TestErrorsAreRetriedTooOftenOrNotAtAll(t *testing.T) {
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

func TestThrottleDropsOrLetsThrough(t *testing.T) {
	var seconds atomic.Int64
	now := func() time.Time { return time.Unix(1_800_000_000+seconds.Load(), 0) }
	options := inngestgo.FunctionOpts{Throttle: &inngestgo.ConfigThrottle{
		Limit: 2, Period: time.Minute, Key: inngestgo.StrPtr("event.data.group"),
	}}
	a := serve(t, inngest.Config{Now: now}, options, func(context.Context, input) (any, error) { return nil, nil }).run(t)
	for _, id := range []string{"a1", "a2", "a3", "a4", "a5", "b1"} {
		a.send(t, id)
	}
	for _, want := range []string{"a1 a2 b1", "a1 a2 a3 a4 b1", "a1 a2 a3 a4 a5 b1"} {
		var done []string
		for _, r := range a.ended(t, strings.Count(want, " ")+1) {
			if r.State == inngest.Completed {
				done = append(done, r.Event.ID)
			}
		}
		if got := strings.Join(done, " "); got != want {
			t.Errorf("after %d s: %s, want %s", seconds.Load(), got, want)
		}
		seconds.Add(60)
	}
}

func TestStrangersAreBelieved(t *testing.T) {
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
