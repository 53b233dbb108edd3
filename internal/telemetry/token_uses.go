package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/metric"
)

// tokenUses is iagent_token_uses_total{token,use}: uses of Twilio's auth tokens that were accepted.
type tokenUses struct {
	count metric.Int64Counter
	by    *labels
}

func newTokenUses(meter metric.Meter) (*tokenUses, error) {
	count, err := meter.Int64Counter("iagent.token_uses", metric.WithUnit("{use}"),
		metric.WithDescription("Webhooks verified with, and REST requests accepted by Twilio with, an auth token: primary, secondary, or account for one of a subaccount."))
	return &tokenUses{count: count, by: newLabels("token", "use")}, err
}

// TokenUsed counts a use of an auth token: token is primary, secondary or account, use is webhook or rest.
func (t *Telemetry) TokenUsed(token, use string) {
	if t == nil {
		return
	}
	t.tokens.count.Add(context.Background(), 1, t.tokens.by.add(token, use)...)
}
