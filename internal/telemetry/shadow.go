package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// ShadowDecision counts a decision of a version of the webhooks that is tried beside the one that takes effect: the version, such
// as "v2", the kind of the webhook, and the result: same, different, failed (an error, or a panic) or dropped (not tried, since
// too many waited). In Prometheus: iagent_shadow_decisions_total{version,kind,result}. All of them are names in the program, never
// what was sent.
func (t *Telemetry) ShadowDecision(version, kind, result string) {
	if t == nil {
		return
	}
	t.shadow.Add(context.Background(), 1, metric.WithAttributes(
		attribute.String("version", version), attribute.String("kind", kind), attribute.String("result", result)))
}
