package ratelimit

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxKeys bounds each of the two generations of a Memory: some 6 MB in all when both are full.
const maxKeys = 1 << 14

// Memory is a Limiter in this process. It is safe for concurrent use.
//
// It remembers a bounded number of keys, in two generations: a key that is used is in the young one; when that is full, it
// becomes the old one, and what was left there is forgotten. A forgotten key starts with a full bucket again, so a flood
// from very many addresses buys each of them some extra requests, but no memory.
type Memory struct {
	rate  rate.Limit // tokens a second
	burst int
	now   func() time.Time
	max   int

	mu         sync.Mutex
	young, old map[string]*rate.Limiter
}

// NewMemory returns a Memory with full buckets. Numbers below 1 count as 1. A nil now means time.Now.
func NewMemory(perMinute, burst int, now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{
		rate: rate.Limit(float64(max(perMinute, 1)) / 60), burst: max(burst, 1), now: now, max: maxKeys,
		young: map[string]*rate.Limiter{}, old: map[string]*rate.Limiter{},
	}
}

// Take implements [Limiter].
func (m *Memory) Take(ctx context.Context, key string) (ok bool, retryAfter time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return false, 0, err
	}
	key = group(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	bucket, now := m.bucket(key), m.now()
	if bucket.AllowN(now, 1) {
		return true, 0, nil
	}
	missing := 1 - bucket.TokensAt(now)
	// At least something, so that a caller never sees an empty wait with a refusal.
	return false, max(time.Duration(missing/float64(m.rate)*float64(time.Second)), time.Nanosecond), nil
}

func (m *Memory) bucket(key string) *rate.Limiter {
	if bucket, ok := m.young[key]; ok {
		return bucket
	}
	bucket, ok := m.old[key]
	if !ok {
		bucket = rate.NewLimiter(m.rate, m.burst)
	}
	if len(m.young) >= m.max {
		m.young, m.old = make(map[string]*rate.Limiter, m.max), m.young
	}
	m.young[key] = bucket
	return bucket
}
