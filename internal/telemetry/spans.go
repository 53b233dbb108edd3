package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/i-agent/iagent/internal/interview"
)

// Span is a span of ours, or none where nobody collects traces or this one is not sampled. All methods may be called on none.
type Span struct{ span trace.Span }

// Recording says whether the span is sampled, so that its attributes are worth making.
func (s Span) Recording() bool { return s.span != nil }

// End ends the span with its outcome, such as "accepted". failure is what the log says of an error of ours, "" for none.
func (s Span) End(outcome, failure string) {
	if s.span == nil {
		return
	}
	s.span.SetAttributes(attribute.String("iagent.outcome", outcome))
	if failure != "" {
		s.span.SetStatus(codes.Error, failure)
	}
	s.span.End()
}

// Webhook is what a span says of a webhook. Event, Call and Source are ids and words of ours.
type Webhook struct {
	Kind, Event, Call, Source string
	// At is when it arrived.
	At time.Time
}

// StartWebhook begins the span of a verified webhook in the trace of its call. The context is for its processing.
func (t *Telemetry) StartWebhook(ctx context.Context, w Webhook) (context.Context, Span) {
	ctx, sampled := t.inTraceOf(ctx, w.Call)
	if !sampled {
		return ctx, Span{}
	}
	kind := trace.SpanKindServer
	if w.Source == "reconciled" {
		kind = trace.SpanKindInternal // we have asked for it
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(kind), trace.WithAttributes(
		attribute.String("iagent.event", w.Event), attribute.String("iagent.call", w.Call), attribute.String("iagent.source", w.Source))}
	if !w.At.IsZero() {
		options = append(options, trace.WithTimestamp(w.At))
	}
	ctx, span := t.tracer.Start(ctx, "webhook "+w.Kind, options...)
	return ctx, Span{span}
}

// StartRun begins the span of an attempt to run a function, in the trace of the call that it is about, or that caused it. The
// context is for the attempt.
func (t *Telemetry) StartRun(ctx context.Context, run interview.Run) (context.Context, Span) {
	if t == nil || t.tracer == nil {
		return ctx, Span{}
	}
	call := run.Call()
	ctx, sampled := t.inTraceOf(ctx, call)
	if !sampled {
		return ctx, Span{}
	}
	ctx, span := t.tracer.Start(ctx, "run "+string(run.Function), trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
		attribute.String("iagent.run", run.ID), attribute.String("iagent.key", run.Key), attribute.Int("iagent.attempt", run.Attempt),
		attribute.String("iagent.call", call)))
	return ctx, Span{span}
}

// StartReconcile begins the span of asking Twilio about a call of which something is overdue, in the trace of the call.
func (t *Telemetry) StartReconcile(ctx context.Context, call, what string) (context.Context, Span) {
	ctx, sampled := t.inTraceOf(ctx, call)
	if !sampled {
		return ctx, Span{}
	}
	ctx, span := t.tracer.Start(ctx, "reconcile", trace.WithAttributes(
		attribute.String("iagent.call", call), attribute.String("iagent.overdue", what)))
	return ctx, Span{span}
}

// CallEnded sends a call that is over: the root of its trace, from the dial to the end of the call. What is done with its recording is
// below it, though later. A call that was never dialled has no trace.
func (t *Telemetry) CallEnded(call interview.Call) {
	if t == nil || t.tracer == nil || call.DialedAt == nil || !t.sampled(call.ID) {
		return
	}
	end := time.Now()
	if call.CompletedAt != nil && call.CompletedAt.After(*call.DialedAt) {
		end = *call.CompletedAt
	}
	ctx := context.WithValue(context.Background(), rootKey{}, call.ID)
	_, span := t.tracer.Start(ctx, "call", trace.WithNewRoot(), trace.WithTimestamp(*call.DialedAt), trace.WithAttributes(
		attribute.String("iagent.call", call.ID), attribute.String("iagent.campaign", call.CampaignID),
		attribute.String("iagent.call_sid", call.TwilioSid), attribute.String("iagent.outcome", string(call.Status))))
	if call.Status == interview.CallFailed {
		span.SetStatus(codes.Error, "the call failed")
	}
	span.End(trace.WithTimestamp(end))
}

// LinkCalls links the span of ctx to the traces of calls, such as those whose claims a verdict goes by.
func LinkCalls(ctx context.Context, calls ...string) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	seen := map[string]bool{}
	for _, call := range calls {
		if !seen[call] {
			seen[call] = true
			id, root := traceOf(call)
			span.AddLink(trace.Link{SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: root, Remote: true})})
		}
	}
}

// StartChild begins a span within that of ctx, at the outside of this program: a database, or a service. It returns none, and
// the attributes need not be made, unless [Sampled].
func StartChild(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	return trace.SpanFromContext(ctx).TracerProvider().Tracer(scope).Start(ctx, name,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
}

// Sampled says whether ctx has a span that is sent to a collector.
func Sampled(ctx context.Context) bool { return trace.SpanFromContext(ctx).IsRecording() }
