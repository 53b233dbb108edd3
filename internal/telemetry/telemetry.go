package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/otlptranslator"
	prometheusexporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"
)

// scope names this program as the source of its metrics and traces.
const scope = "github.com/i-agent/iagent"

// Config says what the outside sees of this process.
type Config struct {
	// Service is the service.name; "" means iagent. The standard variables OTEL_SERVICE_NAME and
	// OTEL_RESOURCE_ATTRIBUTES come first.
	Service string
	// Version is the service.version.
	Version string
}

// Telemetry holds the instruments of one process. All methods may be called on a nil Telemetry, which measures nothing.
type Telemetry struct {
	*instruments
	registry *prometheus.Registry
	tracer   trace.Tracer // nil when nobody collects traces
	sampling sampling

	// The SDK's own types stay out of the fields: whoever imports this package would compile their 1,250 generic functions.
	stopMetrics, stopTraces func(context.Context) error

	stop    sync.Once
	stopped error
}

// Setup makes the instruments, and starts sending to a collector if the environment names one. An endpoint that is away is
// no error, then or later: it must not stop a call. The error is about a variable that cannot be right. Call Shutdown.
func Setup(ctx context.Context, config Config) (_ *Telemetry, err error) {
	about, err := describe(ctx, config)
	if err != nil {
		return nil, err
	}
	t := &Telemetry{registry: prometheus.NewRegistry()}
	t.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	scraped, err := prometheusexporter.New(
		prometheusexporter.WithRegisterer(t.registry),
		prometheusexporter.WithoutScopeInfo(),
		prometheusexporter.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes),
	)
	if err != nil {
		return nil, fmt.Errorf("exporting metrics to Prometheus: %w", err)
	}
	options := []metric.Option{metric.WithResource(about), metric.WithReader(scraped)}
	pushed, err := otlpMetrics(ctx)
	if err != nil {
		return nil, err
	}
	if pushed != nil {
		options = append(options, metric.WithReader(pushed))
	}
	metrics := metric.NewMeterProvider(options...)
	t.stopMetrics = metrics.Shutdown
	if t.instruments, err = newInstruments(metrics.Meter(scope)); err != nil {
		return nil, errors.Join(err, t.stopMetrics(ctx))
	}
	if err := registerBuild(metrics.Meter(scope), config.Version); err != nil {
		return nil, errors.Join(err, t.stopMetrics(ctx))
	}
	exporter, err := otlpTraces(ctx)
	if err != nil {
		return nil, errors.Join(err, t.stopMetrics(ctx))
	}
	if exporter != nil {
		if t.sampling, err = readSampling(); err != nil {
			return nil, errors.Join(err, exporter.Shutdown(ctx), t.stopMetrics(ctx))
		}
		traces := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about),
			sdktrace.WithSampler(t.sampling.sampler()), sdktrace.WithIDGenerator(ids{}))
		t.tracer, t.stopTraces = traces.Tracer(scope), traces.Shutdown
	}
	return t, nil
}

func describe(ctx context.Context, config Config) (*resource.Resource, error) {
	service := config.Service
	if service == "" {
		service = "iagent"
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName(service), semconv.ServiceVersion(config.Version)),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv(), // last: it wins
	)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return about, nil
}

// Handler serves the metrics to Prometheus.
func (t *Telemetry) Handler() http.Handler {
	if t == nil {
		return http.NotFoundHandler()
	}
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry})
}

// Shutdown sends what is still to be sent, within ctx. Instruments may be used afterwards and measure nothing. It may be
// called twice.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	if t == nil {
		return nil
	}
	t.stop.Do(func() {
		if t.stopTraces != nil {
			t.stopped = t.stopTraces(ctx)
		}
		if t.stopped = errors.Join(t.stopped, t.stopMetrics(ctx)); t.stopped != nil {
			t.stopped = fmt.Errorf("sending the last metrics and traces: %w", t.stopped)
		}
	})
	return t.stopped
}
