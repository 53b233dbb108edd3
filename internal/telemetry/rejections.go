package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"
)

// refusals are the instruments of requests that Twilio did not sign, and of the limits for them. In Prometheus:
//
//	iagent_rejections_total{cause}   refused requests, by the likeliest cause, such as "scheme"
//	iagent_redis_up                  1 while Redis answers, else 0; with REDIS_URL only
type refusals struct {
	byCause *labels
	causes  metric.Int64Counter
	redis   metric.Int64Gauge
}

func newRefusals(meter metric.Meter) (*refusals, error) {
	causes, err1 := meter.Int64Counter("iagent.rejections", metric.WithUnit("{request}"),
		metric.WithDescription("Requests to the webhooks that were refused before they were known to be Twilio's, by the likeliest cause."))
	redis, err2 := meter.Int64Gauge("iagent.redis.up", metric.WithDescription("Whether Redis, which has the shared rate limits, answers."))
	return &refusals{byCause: newLabels("cause", ""), causes: causes, redis: redis}, errors.Join(err1, err2)
}

// Rejection counts a request that was refused before it was known to be Twilio's, with the kind of its likeliest cause.
func (t *Telemetry) Rejection(cause string) {
	if t == nil {
		return
	}
	t.refusals.causes.Add(context.Background(), 1, t.refusals.byCause.add(cause, "")...)
}

// RedisUp takes in whether Redis answers.
func (t *Telemetry) RedisUp(up bool) {
	if t == nil {
		return
	}
	var value int64
	if up {
		value = 1
	}
	t.refusals.redis.Record(context.Background(), value)
}
