package ratelimit

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// redisTimeout bounds all that one Take waits for Redis, connecting included. A healthy one answers in well under 1 ms.
const redisTimeout = 100 * time.Millisecond

// Redis is a Limiter shared by all processes that use one Redis server. It is safe for concurrent use. Close it.
//
// While the server cannot be reached, or answers nonsense, each process counts in its own Memory: a client gets at most
// the limit once more for each process, and nobody waits for a dead server. The log says so once when it begins and once
// when it ends, with the time between. Both are also noticed while nobody asks for a token, if Watch runs.
type Redis struct {
	server   server
	fallback *Memory
	circuit  circuit
	timeout  time.Duration
	now      func() time.Time
	log      *slog.Logger
	onState  func(up bool)
}

// server is what is used of Redis. That the client's type is in no field of an exported type keeps its 1,500 generic methods from being
// compiled in every package that imports this one.
type server interface {
	allow(ctx context.Context, key string) (*redis_rate.Result, error)
	ping(ctx context.Context, timeout time.Duration) error
	Close() error
}

type redisServer struct {
	client  *redis.Client
	limiter *redis_rate.Limiter
	limit   redis_rate.Limit
}

func newServer(options *redis.Options, limit redis_rate.Limit) server {
	client := redis.NewClient(options)
	return redisServer{client, redis_rate.NewLimiter(client), limit}
}

func (s redisServer) allow(ctx context.Context, key string) (*redis_rate.Result, error) {
	return s.limiter.Allow(ctx, key, s.limit)
}

func (s redisServer) ping(ctx context.Context, timeout time.Duration) error {
	return s.client.WithTimeout(timeout).Ping(ctx).Err()
}

func (s redisServer) Close() error { return s.client.Close() }

// NewRedis returns a Redis for a URL of the form redis://user:password@host:port/database, or rediss:// for TLS. It
// connects at the first Take, so a server that is away is no error here; a URL that cannot be read is. Numbers below 1
// count as 1. A nil now means time.Now and is not the buckets' clock, which is that of the server.
func NewRedis(url string, perMinute, burst int, now func() time.Time, log *slog.Logger) (*Redis, error) {
	return newRedis(url, perMinute, burst, now, log, redisTimeout)
}

func newRedis(url string, perMinute, burst int, now func() time.Time, log *slog.Logger, timeout time.Duration) (*Redis, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		// The parser's own error may quote the password.
		return nil, errors.New("not a URL of the form redis://user:password@host:port/0")
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = timeout, timeout, timeout
	options.PoolTimeout = timeout
	options.ContextTimeoutEnabled = true
	options.MaxRetries, options.DialerRetries = -1, 1 // the circuit decides when to try again
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if now == nil {
		now = time.Now
	}
	// The library has one logger for the process, standard error, and repeats there, at each attempt, what Take logs once.
	logging.Disable()
	return &Redis{
		server:   newServer(options, redis_rate.Limit{Rate: max(perMinute, 1), Burst: max(burst, 1), Period: time.Minute}),
		fallback: NewMemory(perMinute, burst, now),
		timeout:  timeout,
		now:      now,
		log:      log,
		onState:  func(bool) {},
	}, nil
}

// Close gives the connections back. Take must not be called afterwards.
func (r *Redis) Close() error { return r.server.Close() }

// Take implements [Limiter].
func (r *Redis) Take(ctx context.Context, key string) (ok bool, retryAfter time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return false, 0, err
	}
	attempt, ok := r.circuit.try(r.now())
	if !ok {
		return r.fallback.Take(ctx, key)
	}
	result, err := r.ask(ctx, key)
	r.answered(attempt, err)
	switch {
	case err != nil:
		return r.fallback.Take(ctx, key)
	case result.Allowed > 0:
		return true, 0, nil
	}
	return false, max(result.RetryAfter, time.Nanosecond), nil
}

// answered takes in whether Redis has answered. When that changes, it writes the log line, calls onState, and returns true.
func (r *Redis) answered(a attempt, err error) (changed bool) {
	if err != nil {
		if changed = r.circuit.failed(a, r.now()); changed {
			r.log.Warn("rate limits are counted by this process alone: Redis does not answer", "error", err)
			r.onState(false)
		}
		return changed
	}
	away, changed := r.circuit.succeeded(a, r.now())
	if changed {
		r.log.Info("rate limits are shared again: Redis answers", "away", away.Round(time.Millisecond))
		r.onState(true)
	}
	return changed
}

// OnState has f called with whether Redis answers: each time that this changes, and when Watch first asks. Call it before
// anything else.
func (r *Redis) OnState(f func(up bool)) { r.onState = f }

// watchEvery is how often Watch asks.
const watchEvery = coolDown

// Watch asks Redis every few seconds whether it is there, until ctx ends. Its error is nil.
func (r *Redis) Watch(ctx context.Context) error {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for first := true; ; first = false {
		if attempt, ok := r.circuit.try(r.now()); ok {
			err := r.ping(ctx)
			if ctx.Err() != nil {
				return nil
			}
			changed := r.answered(attempt, err)
			if first && err == nil && !changed {
				r.onState(true)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// ping gives Redis more time than Take does: nobody waits for it.
func (r *Redis) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(time.Second, r.timeout))
	defer cancel()
	return r.server.ping(ctx, max(time.Second, r.timeout))
}

// ask does not end with the client's connection: who hangs up says nothing about Redis.
func (r *Redis) ask(ctx context.Context, key string) (*redis_rate.Result, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.timeout)
	defer cancel()
	return r.server.allow(ctx, "iagent:"+group(key))
}
