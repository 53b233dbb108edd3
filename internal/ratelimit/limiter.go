package ratelimit

import (
	"context"
	"net/netip"
	"time"
)

// Limiter is a bucket of tokens for each key. A bucket starts full, holds at most burst tokens and gains perMinute of
// them a minute, evenly.
type Limiter interface {
	// Take takes a token from the bucket of key, which is a client's address as NewClientIP's function returns it; any other text is a
	// key of its own. IPv6 addresses of one /64 share a bucket, because whoever has one of them usually has them all.
	//
	// When the bucket is empty, ok is false, nothing is taken and retryAfter (else 0) says when there will be a token
	// again if nobody else takes it. The only error is that of an ended ctx; then ok is false.
	Take(ctx context.Context, key string) (ok bool, retryAfter time.Duration, err error)
}

// ipv6Network is how many leading bits of an IPv6 address name a customer's network.
const ipv6Network = 64

// group names the bucket of a key.
func group(key string) string {
	addr, err := netip.ParseAddr(key)
	if err != nil {
		return key
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	network, err := addr.Prefix(ipv6Network)
	if err != nil {
		return key
	}
	return network.String()
}
