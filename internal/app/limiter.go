package app

import "github.com/i-agent/iagent/internal/ratelimit"

// openLimiter makes the limits of unverified requests: shared by all processes with REDIS_URL, of this process alone without.
func (a *App) openLimiter() error {
	a.limiter = ratelimit.NewMemory(unverifiedPerMinute, unverifiedPerMinute, a.now)
	if a.settings.RedisURL == "" {
		return nil
	}
	shared, err := ratelimit.NewRedis(a.settings.RedisURL, unverifiedPerMinute, unverifiedPerMinute, a.now, a.log)
	if err != nil {
		return &ConfigError{Faults: []string{"REDIS_URL: " + err.Error()}}
	}
	shared.OnState(func(up bool) {
		a.telemetry.RedisUp(up)
		a.health.RedisUp(up)
	})
	a.limiter, a.redis = shared, shared
	a.closers = append(a.closers, func() { _ = shared.Close() })
	return nil
}
