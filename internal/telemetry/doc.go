// Package telemetry is what operators see of a running i-agent: metrics, traces and the log.
//
// Metrics are always there, for Prometheus to fetch ([Telemetry.Handler]); they and traces also go to an OpenTelemetry
// collector once one of the standard variables OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or
// OTEL_EXPORTER_OTLP_METRICS_ENDPOINT names it. Labels have few values, and none that names a person or a call. The log of
// [NewLogger] shows neither phone numbers nor the secrets that it knows.
package telemetry
