package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/i-agent/iagent/internal/interview"
)

// WebhookSpan sends a verified webhook that has just been answered to the collector of traces, if there is one. Its kind,
// outcome and time are those of [Telemetry.Webhook]; failure is what the log says of an error of ours, "" for none. event and
// call are ids. The spans of one call have its id in common, in iagent.call.
func (t *Telemetry) WebhookSpan(kind, outcome string, elapsed time.Duration, failure, event, call string) {
	if t == nil || t.traces == nil {
		return
	}
	t.span(trace.SpanKindServer, "webhook "+kind, elapsed, failure,
		attribute.String("iagent.outcome", outcome), attribute.String("iagent.event", event), attribute.String("iagent.call", call))
}

// RunSpan is the same for an attempt to run a function that has just ended.
func (t *Telemetry) RunSpan(run interview.Run, result string, elapsed time.Duration, failure string) {
	if t == nil || t.traces == nil {
		return
	}
	var args struct {
		CallID string `json:"callId"`
	}
	_ = run.Decode(&args) // a run of another form is about no single call
	t.span(trace.SpanKindConsumer, "run "+string(run.Function), elapsed, failure,
		attribute.String("iagent.outcome", result), attribute.String("iagent.run", run.ID), attribute.String("iagent.key", run.Key),
		attribute.Int("iagent.attempt", run.Attempt), attribute.String("iagent.call", args.CallID))
}

// span makes a span of what has just ended, the first of its trace.
func (t *Telemetry) span(kind trace.SpanKind, name string, elapsed time.Duration, failure string, attributes ...attribute.KeyValue) {
	end := time.Now()
	_, span := t.traces.Tracer(scope).Start(context.Background(), name, trace.WithSpanKind(kind),
		trace.WithTimestamp(end.Add(-elapsed)), trace.WithAttributes(attributes...))
	if failure != "" {
		span.SetStatus(codes.Error, failure)
	}
	span.End(trace.WithTimestamp(end))
}
