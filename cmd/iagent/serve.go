package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/telemetry"
)

// startOver is when what begins at the start has begun.
const startOver = 3 * time.Second

// serve runs i-agent until it is told to stop.
type serve struct {
	app.Config
	Check bool `help:"Start nothing: ask the server at HOST and PORT whether it is ready, and exit with 0 or 1. For health checks of containers."`
}

// Help is what --help says below the flags' summary.
func (serve) Help() string {
	return "Traces and metrics are exported as OpenTelemetry's own variables OTEL_EXPORTER_OTLP_* say."
}

func (s serve) Run(ctx context.Context) error {
	if s.Check {
		return app.CheckReady(ctx, s.Config)
	}
	if err := s.CheckServing(); err != nil {
		return err
	}
	// What webhooks allocate lives shortly, beside the tables of phone numbers, some 20 MB that stay: a larger heap costs as much
	// again and saves a tenth of the processor.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	log, err := telemetry.NewLogger(os.Stderr, s.LogFormat, s.LogLevel, s.Secrets()...)
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, s.Config, app.Options{Log: log, Version: versionOf(), Simulator: newSimulator})
	if err != nil {
		return err
	}
	defer a.Close()
	freeing := time.AfterFunc(startOver, debug.FreeOSMemory) // what the start needed
	defer freeing.Stop()
	return a.Run(ctx)
}
