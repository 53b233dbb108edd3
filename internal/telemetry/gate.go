package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// gate counts what keeps people from being called.
type gate struct {
	refusals, circuits metric.Int64Counter
}

func newGate(meter metric.Meter) (gate, error) {
	refusals, err := meter.Int64Counter("iagent.gate.refusals", metric.WithUnit("{refusal}"),
		metric.WithDescription("Answers of the gate that a person must not be called now, or at all, by reason."))
	circuits, opened := meter.Int64Counter("iagent.circuit.opened", metric.WithUnit("{circuit}"),
		metric.WithDescription("Campaigns that were kept from dialling since nearly all of their newest calls failed."))
	return gate{refusals, circuits}, errors.Join(err, opened)
}

// GateRefused counts refusals of the gate by one of its names, such as OUTSIDE_HOURS.
func (t *Telemetry) GateRefused(reason string, n int) {
	if t == nil {
		return
	}
	t.gate.refusals.Add(context.Background(), int64(n), metric.WithAttributes(attribute.String("reason", reason)))
}

// CircuitOpened counts a circuit breaker that opened.
func (t *Telemetry) CircuitOpened() {
	if t == nil {
		return
	}
	t.gate.circuits.Add(context.Background(), 1)
}
