package telemetry

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"

	"go.opentelemetry.io/otel/trace"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// traceOf is the trace of a call and the span at its root: the first 16 and the next 8 bytes of the SHA-256 of the call's id.
// So nothing needs to be stored, every process agrees, and anybody can compute it. The bytes of the id itself would not do:
// calls that are created together have nearly the same, and sampling goes by them.
func traceOf(call string) (id trace.TraceID, root trace.SpanID) {
	sum := sha256.Sum256([]byte(call))
	copy(id[:], sum[:16])
	copy(root[:], sum[16:24])
	return id, root
}

// sampled says whether the trace of a call is sent. Every process with the same OTEL_TRACES_SAMPLER says the same.
func (t *Telemetry) sampled(call string) bool {
	id, _ := traceOf(call)
	return t.sampling.takes(id)
}

// inTraceOf makes ctx one in the trace of a call. Without a call it is one outside of any trace, where a span begins its own.
func (t *Telemetry) inTraceOf(ctx context.Context, call string) (_ context.Context, sampled bool) {
	if t == nil || t.tracer == nil {
		return ctx, false
	}
	if call == "" {
		return trace.ContextWithSpanContext(ctx, trace.SpanContext{}), t.sampling.ratio > 0
	}
	id, root := traceOf(call)
	if !t.sampling.takes(id) {
		return ctx, false
	}
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: root, TraceFlags: trace.FlagsSampled, Remote: true})), true
}

// rootKey is under which the context of the root span of a call has the call's id.
type rootKey struct{}

// ids makes the ids of spans: random ones, but those of a call's root are the call's.
type ids struct{}

// NewIDs is part of sdktrace.IDGenerator.
func (ids) NewIDs(ctx context.Context) (id trace.TraceID, span trace.SpanID) {
	if call, ok := ctx.Value(rootKey{}).(string); ok {
		return traceOf(call)
	}
	binary.BigEndian.PutUint64(id[:8], rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return id, newSpanID()
}

// NewSpanID is part of sdktrace.IDGenerator.
func (ids) NewSpanID(context.Context, trace.TraceID) trace.SpanID { return newSpanID() }

func newSpanID() (span trace.SpanID) {
	binary.BigEndian.PutUint64(span[:], rand.Uint64()|1) // 0 is none
	return span
}

// sampling is which traces are sent, as OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say. The trace of a call has no parent
// outside, so that parentbased_always_on is always_on. Source: OpenTelemetry: SDK environment variables, General SDK
// configuration.
type sampling struct{ ratio float64 }

func readSampling() (sampling, error) {
	switch sampler := os.Getenv("OTEL_TRACES_SAMPLER"); sampler {
	case "", "always_on", "parentbased_always_on":
		return sampling{1}, nil
	case "always_off", "parentbased_always_off":
		return sampling{0}, nil
	case "traceidratio", "parentbased_traceidratio":
		arg := os.Getenv("OTEL_TRACES_SAMPLER_ARG")
		if arg == "" {
			return sampling{1}, nil
		}
		ratio, err := strconv.ParseFloat(arg, 64)
		if err != nil || !(ratio >= 0 && ratio <= 1) {
			return sampling{}, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG: %q is no number from 0 to 1", arg)
		}
		return sampling{ratio}, nil
	default:
		return sampling{}, fmt.Errorf("OTEL_TRACES_SAMPLER: %q is not known here; use always_on, always_off, traceidratio or parentbased_ and one of them", sampler)
	}
}

// takes is the decision of the SDK's TraceIDRatioBased, without its allocations.
func (s sampling) takes(id trace.TraceID) bool {
	if s.ratio >= 1 {
		return true
	}
	return binary.BigEndian.Uint64(id[8:16])>>1 < uint64(s.ratio*(1<<63))
}

// sampler decides for traces that begin with a span of their own.
func (s sampling) sampler() sdktrace.Sampler {
	return sdktrace.ParentBased(sdktrace.TraceIDRatioBased(s.ratio))
}
