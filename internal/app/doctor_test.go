package app

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/testdb"
)

// What a server cannot do it says beside its start, which does not wait for it.
func TestServerSaysAtItsStartThatRedisIsAway(t *testing.T) {
	c := complete()
	c.DatabaseURL, c.AdminToken, c.RedisURL = "sqlite:"+testdb.SQLite(t), adminToken, "redis://:a-redis-password@127.0.0.1:1/0"
	var log e2e.LogBuffer
	a, err := Open(t.Context(), c, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := a.checkStart(ctx); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"check=redis.write", "cure=", "REDIS_URL"} {
		if strings.Count(log.String(), "check=redis.write") != 1 || !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "a-redis-password") {
		t.Error("the password is in the log")
	}
}
