package ratelimit_test

import (
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/ratelimit"
	"github.com/i-agent/iagent/internal/testdb"
)

// TestTwoProcessesNeverAllowMoreThanTheLimitTogether: many requests of one network at once, at two processes.
func TestTwoProcessesNeverAllowMoreThanTheLimitTogether(t *testing.T) {
	url := testdb.Redis(t)
	const limit = 50
	both := []ratelimit.Limiter{newRedis(t, url, 1, limit, nil, failOnLog{t}), newRedis(t, url, 1, limit, nil, failOnLog{t})}
	var passed atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 20 {
				address := []string{"2001:db8::1", "2001:db8::ffff:2"}[i/2%2]
				if ok, _, err := both[i%2].Take(t.Context(), address); err != nil {
					t.Error(err)
				} else if ok {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := passed.Load(); n != limit {
		t.Errorf("%d of 320 requests passed a limit of %d", n, limit)
	}
}

// TestRedisThatIsAwayIsOnePairOfLines: however many requests are on their way when it goes and comes, and also when nobody asks.
func TestRedisThatIsAwayIsOnePairOfLines(t *testing.T) {
	server := testdb.OwnRedis(t)
	clock, logs := &clock{now: time.Now()}, &e2e.LogBuffer{}
	states := make(chan bool, 100)
	l := newRedis(t, server.URL(), 1, 1000, clock.Now, logging(logs))
	l.OnState(func(up bool) { states <- up })
	want := func(up bool) {
		t.Helper()
		select {
		case got := <-states:
			if got != up {
				t.Fatalf("Redis is up: %v, want %v", got, up)
			}
		case <-time.After(time.Minute):
			t.Fatalf("nobody noticed that Redis is up: %v", up)
		}
	}
	flood := func() {
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range 20 {
					take(t, l, "192.0.2.1")
				}
			})
		}
		wg.Wait()
	}
	flood()
	if err := server.Stop(true); err != nil {
		t.Fatal(err)
	}
	flood()
	want(false)
	clock.Advance(90 * time.Second) // several tries that fail
	flood()
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock.Advance(30 * time.Second)
	// Without any request: Watch sees it.
	done := make(chan error, 1)
	go func() { done <- l.Watch(t.Context()) }()
	want(true)
	flood()
	lines := strings.Split(strings.TrimSpace(logs.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "level=WARN") || !strings.Contains(lines[1], "away=2m0s") {
		t.Errorf("logged:\n%s", logs)
	}
	if len(states) > 0 {
		t.Errorf("said again, without a change: Redis is up: %v", <-states)
	}
}

// TestWatchSaysTheStateFromTheStart: a metric must not be empty until somebody misbehaves.
func TestWatchSaysTheStateFromTheStart(t *testing.T) {
	for url, want := range map[string]bool{testdb.Redis(t): true, "redis://" + closedPort(t) + "/0": false} {
		states := make(chan bool, 1)
		l := newRedis(t, url, 1, 1, nil, slog.DiscardHandler)
		l.OnState(func(up bool) { states <- up })
		go func() { _ = l.Watch(t.Context()) }()
		if got := <-states; got != want {
			t.Errorf("up: %v, want %v", got, want)
		}
	}
}
