package main

import (
	"context"
	"os"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/telemetry"
)

// serve runs i-agent until it is told to stop.
type serve struct {
	app.Config
}

func (s serve) Run(ctx context.Context) error {
	if err := s.Check(); err != nil {
		return err
	}
	log, err := telemetry.NewLogger(os.Stderr, s.LogFormat, s.LogLevel)
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, s.Config, app.Options{Log: log, Version: versionOf()})
	if err != nil {
		return err
	}
	defer a.Close()
	return a.Run(ctx)
}
