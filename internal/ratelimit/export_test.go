package ratelimit

// NewRedisWithin is NewRedis with a timeout of its own, for machines that are slower than a production one.
var NewRedisWithin = newRedis
