package telemetry

import (
	"context"
	"fmt"
	"os"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// otlpMetrics sends metrics every OTEL_METRIC_EXPORT_INTERVAL, or is nil when the environment names no collector. The
// exporters read the other OTEL_EXPORTER_OTLP_* variables (headers, certificates, compression, timeout) themselves.
func otlpMetrics(ctx context.Context) (metric.Reader, error) {
	if on, err := collected("METRICS"); !on || err != nil {
		return nil, err
	}
	exporter, err := otlpmetrichttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("sending metrics over OTLP: %w", err)
	}
	return metric.NewPeriodicReader(exporter), nil
}

// otlpTraces is nil when the environment names no collector.
func otlpTraces(ctx context.Context) (sdktrace.SpanExporter, error) {
	if on, err := collected("TRACES"); !on || err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("sending traces over OTLP: %w", err)
	}
	return exporter, nil
}

// collected says whether the environment wants a signal, METRICS or TRACES, to be sent. Source: OpenTelemetry: OTLP
// exporter configuration, SDK environment variables.
func collected(signal string) (bool, error) {
	if os.Getenv("OTEL_SDK_DISABLED") == "true" || os.Getenv("OTEL_"+signal+"_EXPORTER") == "none" {
		return false, nil
	}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") == "" {
		return false, nil
	}
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_" + signal + "_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		switch protocol := os.Getenv(variable); protocol {
		case "http/protobuf":
			return true, nil
		case "":
		default:
			return false, fmt.Errorf("%s: %q is not spoken here; use http/protobuf, which collectors take on port 4318", variable, protocol)
		}
	}
	return true, nil
}
