package ratelimit_test

import (
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/ratelimit"
	"github.com/i-agent/iagent/internal/testdb"
)

func TestTwoProcessesShareOneLimit(t *testing.T) {
	url := testdb.Redis(t)
	one := newRedis(t, url, 1, 2, nil, failOnLog{t})
	two := newRedis(t, url, 1, 2, nil, failOnLog{t})
	take(t, one, "192.0.2.1")
	take(t, two, "192.0.2.1")
	for name, l := range map[string]ratelimit.Limiter{"first": one, "second": two} {
		if ok, _ := take(t, l, "192.0.2.1"); ok {
			t.Errorf("the %s process gave a third token of two", name)
		}
	}
}

func TestRedisIsUsedAgainWhenItComesBack(t *testing.T) {
	server := testdb.OwnRedis(t)
	clock, logs := &clock{now: time.Now()}, &e2e.LogBuffer{}
	// The other process sees what this one counts in Redis, and nothing else.
	mine := newRedis(t, server.URL(), 1, 2, clock.Now, logging(logs))
	other := newRedis(t, server.URL(), 1, 2, nil, slog.DiscardHandler)
	take(t, mine, "192.0.2.1")
	take(t, mine, "192.0.2.1")
	if ok, _ := take(t, other, "192.0.2.1"); ok {
		t.Fatal("the limit is not shared to begin with")
	}

	if err := server.Stop(true); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		take(t, mine, "192.0.2.2")
	}
	if got := logs.String(); strings.Count(got, "counted by this process alone") != 1 {
		t.Errorf("three requests without Redis logged %q, want one line", got)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ok, _ := take(t, mine, "192.0.2.2"); ok {
		t.Error("the limit of the time without Redis was forgotten at once")
	}

	clock.Advance(5 * time.Second)
	for range 2 {
		take(t, mine, "192.0.2.3")
	}
	fresh := newRedis(t, server.URL(), 1, 2, nil, failOnLog{t})
	if ok, _ := take(t, fresh, "192.0.2.3"); ok {
		t.Error("after the return of Redis the limit is not shared")
	}
	if got := logs.String(); strings.Count(got, "shared again") != 1 {
		t.Errorf("logged %q, want one line about the return", got)
	}
}

// TestSilentRedisDelaysOnlyOneRequest: the server accepts connections and never answers, as a frozen one does.
func TestSilentRedisDelaysOnlyOneRequest(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	clock, logs := &clock{now: time.Now()}, &e2e.LogBuffer{}
	l, err := ratelimit.NewRedis("redis://:hunter2-secret@"+server.Addr().String()+"/0", 1, 1000, clock.Now, slog.New(logging(logs)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	start := time.Now()
	for range 500 {
		if ok, _ := take(t, l, "192.0.2.1"); !ok {
			t.Fatal("refused within the burst")
		}
	}
	// One timeout of 100 ms; each request waiting would be 50 s.
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("500 requests took %v", took)
	}
	if got := logs.String(); strings.Contains(got, "hunter2") {
		t.Errorf("password in the log: %s", got)
	}
}

func TestBadRedisURLDoesNotShowItsPassword(t *testing.T) {
	for _, url := range []string{"", "localhost:6379", "http://:hunter2@localhost", "redis://:hunter2@local host:x/0", "redis://:hunter2@localhost/x"} {
		l, err := ratelimit.NewRedis(url, 1, 1, nil, slog.New(slog.DiscardHandler))
		if err == nil {
			l.Close()
			t.Errorf("%q was accepted", url)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("password in %q", err)
		}
	}
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// clock stands still until it is told otherwise.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logging writes all levels into a buffer.
func logging(to *e2e.LogBuffer) slog.Handler {
	return slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug})
}
