package testserver

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// Redis is one throw-away Redis (or Valkey) server with 256 databases. It may
// be stopped and started again and keeps its port; its data only with
// Options.Fsync.
type Redis struct {
	server
	password string
}

// StartRedis starts Redis and returns once it answers. The server outlives ctx, which bounds the start only. The caller owns it and
// should Close it.
func StartRedis(ctx context.Context, o Options) (*Redis, error) {
	binary, err := locate(redisServer)
	if err != nil {
		return nil, fmt.Errorf("%w; or set TEST_REDIS_URL to a server of your own", err)
	}
	r := &Redis{password: rand.Text()}
	r.server = server{
		name: "redis", binary: binary,
		args: func(port int) []string { return []string{"redis.conf", "--port", fmt.Sprint(port)} },
		ping: r.ping, gentle: syscall.SIGTERM, hard: syscall.SIGKILL,
	}
	if err := r.create(); err != nil {
		return nil, err
	}
	if err := r.writeFile(filepath.Join(r.dir, "redis.conf"), redisConf(o, r.password)); err != nil {
		r.Close()
		return nil, err
	}
	if err := r.firstStart(ctx); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// URL is the address of database 0, in the form
// redis://:password@127.0.0.1:port/0. It stays the same until the
// server is closed.
func (r *Redis) URL() string {
	return fmt.Sprintf("redis://:%s@127.0.0.1:%d/0", r.password, r.port)
}

func (r *Redis) ping(ctx context.Context) error {
	// The client logs what it cannot dial; this does not.
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.Addr())
	if err != nil {
		return err
	}
	conn.Close()
	o, err := redis.ParseURL(r.URL())
	if err != nil {
		return err
	}
	o.MaxRetries, o.DialerRetries = -1, 1
	c := redis.NewClient(o)
	defer c.Close()
	return c.Ping(ctx).Err()
}

func redisConf(o Options, password string) string {
	// The password is in a file, not an argument, which others could read.
	lines := []string{
		"bind 127.0.0.1", "requirepass " + password, "databases 256", `save ""`, "daemonize no",
	}
	if o.Fsync {
		lines = append(lines, "appendonly yes", "appendfsync always")
	}
	return strings.Join(lines, "\n") + "\n"
}
