package testserver_test

import (
	"net"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/i-agent/iagent/internal/testserver"
)

func TestRedisKeepsItsDataOnlyWithFsync(t *testing.T) {
	for _, fsync := range []bool{false, true} {
		r, err := testserver.StartRedis(t.Context(), testserver.Options{Fsync: fsync})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		o, err := redis.ParseURL(r.URL())
		if err != nil {
			t.Fatal(err)
		}
		c := redis.NewClient(o)
		defer c.Close()
		if err := c.Set(t.Context(), "kept", "yes", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if err := r.Stop(true); err != nil {
			t.Fatal(err)
		}
		if conn, err := net.Dial("tcp", r.Addr()); err == nil {
			conn.Close()
			t.Fatal("a stopped server answers")
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := c.Exists(t.Context(), "kept").Val(); (n == 1) != fsync {
			t.Errorf("fsync %t: %d keys after a restart", fsync, n)
		}
	}
}

func TestRedisRefusesWhoeverHasNoPassword(t *testing.T) {
	r, err := testserver.StartRedis(t.Context(), testserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c := redis.NewClient(&redis.Options{Addr: r.Addr()})
	defer c.Close()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("answers without the password")
	}
}
