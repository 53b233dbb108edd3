package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Probe writes to the Redis of a URL, and returns its clock. The error does not tell the password.
func Probe(ctx context.Context, url string) (time.Time, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return time.Time{}, errors.New("not a URL of the form redis://user:password@host:port/0")
	}
	options.ContextTimeoutEnabled, options.MaxRetries, options.DisableIdentity = true, -1, true
	options.DialTimeout = 2 * time.Second
	options.DialerRetries = 1
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	logging.Disable()
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	if err := client.Set(ctx, "iagent:probe", "1", 10*time.Second).Err(); err != nil {
		return time.Time{}, fmt.Errorf("writing to Redis: %w", err)
	}
	at, err := client.Time(ctx).Result()
	if err != nil {
		return at, fmt.Errorf("asking Redis for its time: %w", err)
	}
	return at, nil
}
