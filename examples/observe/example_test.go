// Package observe_test shows how package inbox is traced and counted with OpenTelemetry. Package inbox itself imports
// nothing of it: its hooks are functions. For log/slog see the examples of package inbox.
package observe_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/signature"
)

const token = "12345678901234567890123456789012"

// observed returns the handler of a webhook that has a span and is counted. The context of the span reaches the
// Processor, so what your handling starts becomes a part of it.
func observed(tracer trace.Tracer, meter metric.Meter, c inbox.Config) (http.Handler, error) {
	webhooks, err := meter.Int64Counter("webhooks", metric.WithDescription("Verified webhooks by kind and outcome"))
	if err != nil {
		return nil, err
	}
	seconds, err := meter.Float64Histogram("webhook.duration", metric.WithUnit("s"))
	if err != nil {
		return nil, err
	}
	rejected, err := meter.Int64Counter("webhooks.rejected", metric.WithDescription("Requests that were not Twilio's, by status"))
	if err != nil {
		return nil, err
	}
	c.Observe = func(ctx context.Context, e *inbox.Event, result inbox.Result, err error, elapsed time.Duration) {
		kind, outcome := attribute.String("kind", string(e.Kind)), attribute.String("outcome", string(result.Outcome))
		span := trace.SpanFromContext(ctx)
		span.SetAttributes(kind, outcome, attribute.String("event", e.ID), attribute.String("account", e.Match.AccountSid))
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, "webhook "+string(result.Outcome))
		}
		webhooks.Add(ctx, 1, metric.WithAttributes(kind, outcome))
		seconds.Record(ctx, elapsed.Seconds(), metric.WithAttributes(kind))
	}
	c.OnRejected = func(r *http.Request, status int, err error) {
		trace.SpanFromContext(r.Context()).RecordError(err)
		rejected.Add(r.Context(), 1, metric.WithAttributes(attribute.Int("status", status)))
	}
	handler, err := inbox.NewHandler(c)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := tracer.Start(r.Context(), "webhook", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		handler.ServeHTTP(w, r.WithContext(ctx))
	}), nil
}

// inMemory stands in for inboxpgx or inboxsql.
type inMemory struct{ tracer trace.Tracer }

func (p inMemory) Process(ctx context.Context, e *inbox.Event) (inbox.Result, error) {
	_, span := p.tracer.Start(ctx, "handle")
	defer span.End()
	if e.Form.Get("CallStatus") == "busy" {
		return inbox.Result{}, inbox.Refuse(http.StatusNotFound, "Call not found")
	}
	return inbox.Result{Outcome: inbox.Accepted}, nil
}

func Example() {
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("example")
	reader := sdkmetric.NewManualReader()
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("example")
	verifier, err := signature.New(signature.Config{URL: "https://example.com", AccountSid: "AC1", Tokens: []string{token}})
	if err != nil {
		panic(err)
	}
	handler, err := observed(tracer, meter, inbox.Config{Verifier: verifier, Processor: inMemory{tracer}})
	if err != nil {
		panic(err)
	}
	deliver(handler, token, "completed")
	deliver(handler, token, "busy")
	deliver(handler, "another token", "completed")

	for _, span := range spans.Ended() {
		fmt.Println(strings.TrimSpace(fmt.Sprint(span.Name(), " ", span.Status().Code, " ", attributes(span.Attributes()))))
	}
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		panic(err)
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		if sum, ok := m.Data.(metricdata.Sum[int64]); ok {
			for _, point := range sum.DataPoints {
				fmt.Println(m.Name, point.Value, attributes(point.Attributes.ToSlice()))
			}
		}
	}
	// Unordered output:
	// handle Unset
	// webhook Unset account=AC1 event=CA1:status:completed kind=status outcome=accepted
	// handle Unset
	// webhook Error account=AC1 event=CA1:status:busy kind=status outcome=refused
	// webhook Unset
	// webhooks 1 kind=status outcome=accepted
	// webhooks 1 kind=status outcome=refused
	// webhooks.rejected 1 status=403
}

func attributes(list []attribute.KeyValue) string {
	var text []string
	for _, a := range list {
		text = append(text, string(a.Key)+"="+a.Value.String())
	}
	slices.Sort(text)
	return strings.Join(text, " ")
}

// deliver sends a webhook as Twilio would.
func deliver(h http.Handler, token, status string) {
	form := url.Values{"AccountSid": {"AC1"}, "CallSid": {"CA1"}, "CallStatus": {status}}
	r := httptest.NewRequest("POST", "/status", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set(signature.Header, signature.Sign(token, "https://example.com/status", form))
	h.ServeHTTP(httptest.NewRecorder(), r)
}
