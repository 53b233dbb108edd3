// Package observe tests what an operator sees: alerts, the dashboard and traces, with the real Prometheus and a receiver of OTLP.
package observe
