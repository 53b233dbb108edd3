package testdb

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/i-agent/iagent/internal/testserver"
)

// lease is how long a database stays reserved when its test did not end well.
const lease = time.Hour

// sharedRedis is this process's server where TEST_REDIS_URL is unset; its
// watchdog ends it after the last test.
var sharedRedis = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("TEST_REDIS_URL"); given != "" {
		return given, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	r, err := testserver.StartRedis(ctx, testserver.Options{})
	if err != nil {
		return "", err
	}
	return r.URL(), nil
})

// Redis returns the URL of an empty Redis database that is the test's own
// (redis://:password@host:port/n). It is emptied at the test's end. On a server of
// your own, database 0 keeps the reservations, and a database that holds
// anything is never used.
func Redis(t testing.TB) string {
	t.Helper()
	server, err := sharedRedis()
	if err != nil {
		t.Fatalf("test redis: %v", err)
	}
	options, err := redis.ParseURL(server)
	if err != nil {
		// The parser's own error would quote the password.
		t.Fatal("test redis: TEST_REDIS_URL is not of the form redis://:password@host:port/0")
	}
	options.DB = 0
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	n, err := reserve(ctx, options)
	if err != nil {
		t.Fatalf("test redis: %v", err)
	}
	t.Cleanup(func() {
		if err := release(options, n); err != nil {
			t.Errorf("test redis: %v", err)
		}
	})
	own, err := withDatabase(server, strconv.Itoa(n))
	if err != nil {
		t.Fatalf("test redis: TEST_REDIS_URL: %v", err)
	}
	return own
}

// OwnRedis returns a Redis server that is the test's own, to be stopped and
// started during the test; it ends with the test.
func OwnRedis(t testing.TB) *testserver.Redis {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	r, err := testserver.StartRedis(ctx, testserver.Options{})
	if err != nil {
		t.Fatalf("test redis: %v", err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("test redis: %v", err)
		}
	})
	return r
}

// reserve finds a database that nobody uses. Tests of several processes ask
// at once: a key in database 0 says who was first.
func reserve(ctx context.Context, options *redis.Options) (int, error) {
	c := redis.NewClient(options)
	defer c.Close()
	databases := 16
	if config, err := c.ConfigGet(ctx, "databases").Result(); err == nil {
		if n, err := strconv.Atoi(config["databases"]); err == nil {
			databases = n
		}
	}
	for n := 1; n < databases; n++ {
		mine, err := c.SetNX(ctx, leaseKey(n), "1", lease).Result()
		if err != nil {
			return 0, err
		}
		if !mine {
			continue
		}
		used, err := size(ctx, options, n)
		if err != nil {
			return 0, err
		}
		if used == 0 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("none of its %d databases is free and empty", databases)
}

func release(options *redis.Options, n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	own := database(options, n)
	defer own.Close()
	c := redis.NewClient(options)
	defer c.Close()
	if err := own.FlushDB(ctx).Err(); err != nil {
		return err
	}
	return c.Del(ctx, leaseKey(n)).Err()
}

func size(ctx context.Context, options *redis.Options, n int) (int64, error) {
	c := database(options, n)
	defer c.Close()
	return c.DBSize(ctx).Result()
}

func database(options *redis.Options, n int) *redis.Client {
	o := *options
	o.DB = n
	return redis.NewClient(&o)
}

func leaseKey(n int) string { return fmt.Sprintf("iagent-test:database:%d", n) }
