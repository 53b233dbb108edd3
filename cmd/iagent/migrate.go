package main

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/store"
)

// migrate changes the tables of a database.
type migrate struct {
	Direction   string `arg:"" enum:"up,down,status" help:"up brings every step, down takes back the newest, status lists them."`
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" default:"sqlite:iagent.db" help:"postgres://… or sqlite:PATH."`
}

func (m migrate) Run(ctx context.Context) error {
	if err := app.CheckDatabaseURL(m.DatabaseURL); err != nil {
		return err
	}
	s, err := store.Open(ctx, m.DatabaseURL, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	switch m.Direction {
	case "up":
		if err := s.MigrateUp(ctx); err != nil {
			return err
		}
	case "down":
		if err := s.MigrateDown(ctx); err != nil {
			return err
		}
	}
	list, err := s.MigrateStatus(ctx)
	if err != nil {
		return err
	}
	for _, step := range list {
		state := "pending"
		if !step.AppliedAt.IsZero() {
			state = "applied"
		}
		fmt.Printf("%-8s %s\n", state, step.Name)
	}
	return nil
}
