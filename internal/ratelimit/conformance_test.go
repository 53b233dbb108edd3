package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/ratelimit"
	"github.com/i-agent/iagent/internal/testdb"
)

// maker makes a limiter with full buckets and nobody else's keys.
type maker func(t *testing.T, perMinute, burst int) ratelimit.Limiter

func TestMemoryPassesTheLimiterConformance(t *testing.T) {
	Exercise(t, func(t *testing.T, perMinute, burst int) ratelimit.Limiter {
		return ratelimit.NewMemory(perMinute, burst, nil)
	})
}

func TestRedisPassesTheLimiterConformance(t *testing.T) {
	Exercise(t, func(t *testing.T, perMinute, burst int) ratelimit.Limiter {
		// A fallback would pass for Redis: here it must not happen.
		return newRedis(t, testdb.Redis(t), perMinute, burst, nil, failOnLog{t})
	})
}

func TestUnreachableRedisPassesTheLimiterConformance(t *testing.T) {
	Exercise(t, func(t *testing.T, perMinute, burst int) ratelimit.Limiter {
		return newRedis(t, "redis://"+closedPort(t)+"/0", perMinute, burst, nil, slog.DiscardHandler)
	})
}

// Exercise is what every Limiter does. The clock is the real one, since that of a server cannot be set: buckets that must
// not gain a token get one a minute.
func Exercise(t *testing.T, newLimiter maker) {
	const slow = 1

	t.Run("BurstPassesAndTheNextIsRefused", func(t *testing.T) {
		l := newLimiter(t, slow, 3)
		for i := range 3 {
			if ok, after := take(t, l, "192.0.2.1"); !ok || after != 0 {
				t.Fatalf("request %d of a burst of 3: %v, retry after %v", i+1, ok, after)
			}
		}
		for range 2 { // a refusal takes nothing: the wait does not grow
			ok, after := take(t, l, "192.0.2.1")
			if ok {
				t.Fatal("request beyond the burst passed")
			}
			if after <= 50*time.Second || after > time.Minute {
				t.Fatalf("retry after %v, want just under a minute", after)
			}
		}
	})

	t.Run("OneClientDoesNotUseUpAnother", func(t *testing.T) {
		l := newLimiter(t, slow, 1)
		for _, key := range []string{"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1", ""} {
			if ok, _ := take(t, l, key); !ok {
				t.Errorf("first request of %q was refused", key)
			}
		}
	})

	t.Run("AddressesOfOneClientShareABucket", func(t *testing.T) {
		for _, pair := range [][2]string{
			{"2001:db8::1", "2001:db8::ffff:1:2:3"},
			{"2001:db8::1", "2001:0DB8:0:0::2"},
			{"fe80::1%eth0", "fe80::2"},
			{"192.0.2.1", "::ffff:192.0.2.1"},
		} {
			l := newLimiter(t, slow, 1)
			take(t, l, pair[0])
			if ok, _ := take(t, l, pair[1]); ok {
				t.Errorf("%s got a bucket of its own beside %s", pair[1], pair[0])
			}
		}
	})

	t.Run("RetryAfterIsTrue", func(t *testing.T) {
		l := newLimiter(t, 600, 1) // one in 100 ms
		var after time.Duration
		for ok := true; ok; { // again if this machine was too slow to catch the bucket empty
			ok, after = take(t, l, "192.0.2.1")
		}
		if after <= 0 || after > 100*time.Millisecond {
			t.Fatalf("retry after %v, want at most 100 ms", after)
		}
		<-time.After(after + 2*time.Millisecond)
		if ok, again := take(t, l, "192.0.2.1"); !ok {
			t.Errorf("refused %v after the time that was named: %v more", 2*time.Millisecond, again)
		}
	})

	t.Run("ConcurrentRequestsGetExactlyTheBurst", func(t *testing.T) {
		l := newLimiter(t, slow, 10)
		var passed atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				if ok, _, err := l.Take(t.Context(), "192.0.2.1"); err != nil {
					t.Error(err)
				} else if ok {
					passed.Add(1)
				}
			})
		}
		wg.Wait()
		if n := passed.Load(); n != 10 {
			t.Errorf("%d of 64 requests passed a burst of 10", n)
		}
	})

	t.Run("LimitBelowOneCountsAsOne", func(t *testing.T) {
		l := newLimiter(t, 0, 0)
		if ok, _ := take(t, l, "192.0.2.1"); !ok {
			t.Error("the first request was refused")
		}
		if ok, _ := take(t, l, "192.0.2.1"); ok {
			t.Error("no limit at all")
		}
	})

	t.Run("EndedContextIsAnError", func(t *testing.T) {
		l := newLimiter(t, slow, 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if ok, _, err := l.Take(ctx, "192.0.2.1"); ok || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, %v", ok, err)
		}
		if ok, _ := take(t, l, "192.0.2.1"); !ok {
			t.Error("the ended request took a token")
		}
	})
}

func take(t *testing.T, l ratelimit.Limiter, key string) (bool, time.Duration) {
	t.Helper()
	ok, after, err := l.Take(t.Context(), key)
	if err != nil {
		t.Fatalf("taking for %q: %v", key, err)
	}
	if ok != (after == 0) {
		t.Fatalf("taking for %q: %v with retry after %v", key, ok, after)
	}
	return ok, after
}

// newRedis gives a healthy server all the time that a busy machine may need.
func newRedis(t *testing.T, url string, perMinute, burst int, now func() time.Time, log slog.Handler) *ratelimit.Redis {
	t.Helper()
	r, err := ratelimit.NewRedisWithin(url, perMinute, burst, now, slog.New(log), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// failOnLog fails a test in which nothing is to be logged.
type failOnLog struct{ t *testing.T }

func (failOnLog) Enabled(context.Context, slog.Level) bool { return true }

func (h failOnLog) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += fmt.Sprintf(" %s", a)
		return true
	})
	h.t.Errorf("unexpected log: %s", text)
	return nil
}

func (h failOnLog) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h failOnLog) WithGroup(string) slog.Handler      { return h }
