// Package telemetry is what operators see of a running i-agent: metrics, traces and the log.
//
// Metrics are always there, for Prometheus to fetch ([Telemetry.Handler]). They are also sent to an OpenTelemetry collector,
// and with them a span for each verified webhook and for each attempt of a run, once one of the standard variables
// OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_METRICS_ENDPOINT names it. Labels of
// metrics have few values, and none that names a person or a call; spans carry ids of calls and runs, and name no person. The
// log of [NewLogger] shows neither phone numbers nor the secrets that it knows.
package telemetry
