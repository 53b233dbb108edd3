package doctor

import (
	"context"

	"github.com/i-agent/iagent/internal/ratelimit"
)

func (d *doctor) redisChecks() []check {
	return []check{{name: "redis.write", lookedAt: bareURL(d.RedisURL), needs: []string{"REDIS_URL"}, run: d.checkRedis}}
}

// checkRedis writes, and compares the clocks.
func (d *doctor) checkRedis(ctx context.Context) outcome {
	if d.RedisURL == "" {
		return skipped("REDIS_URL is not set: rate limits are kept by each process")
	}
	before := d.Now()
	theirs, err := ratelimit.Probe(ctx, d.RedisURL)
	if err != nil {
		return fail("check that Redis runs, and REDIS_URL with its password; until then each process limits alone", "%v", err)
	}
	return d.compareClocks("Redis", before, theirs)
}
