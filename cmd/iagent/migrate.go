package main

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/store"
)

// migrate changes the tables of a database.
type migrate struct {
	Direction   string `arg:"" enum:"up,down,status" help:"up brings every step, down takes back the newest, status lists them."`
	Print       bool   `help:"With up: print the SQL for somebody to apply by hand, and change nothing."`
	To          int64  `help:"With down: take back all steps that are newer than this number, as an older program needs it." default:"-1"`
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" default:"sqlite:iagent.db" help:"postgres://… or sqlite:PATH."`
}

// Help goes below the flags of --help.
func (migrate) Help() string {
	return "Exits with 1 when something failed, such as a schema that is newer than this program, and with 2 when an argument is wrong."
}

func (m migrate) Run(ctx context.Context) error {
	if err := app.CheckDatabaseURL(m.DatabaseURL); err != nil {
		return err
	}
	if m.Print && m.Direction != "up" || m.To >= 0 && m.Direction != "down" {
		return &app.ConfigError{Faults: []string{"iagent: --print belongs to up, --to to down"}}
	}
	if m.Print {
		sql, err := store.MigrationSQL(ctx, m.DatabaseURL)
		if sql == "" && err == nil {
			sql = "-- Nothing is pending.\n"
		}
		fmt.Print(sql)
		return err
	}
	if m.Direction != "status" {
		if err := m.change(ctx); err != nil {
			return err
		}
	}
	list, err := store.MigrationsOf(ctx, m.DatabaseURL)
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

func (m migrate) change(ctx context.Context) error {
	s, err := store.Open(ctx, m.DatabaseURL, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	switch {
	case m.Direction == "up":
		return s.MigrateUp(ctx)
	case m.To >= 0:
		return s.MigrateDownTo(ctx, m.To)
	default:
		return s.MigrateDown(ctx)
	}
}

// stamp is a time as the commands print it.
func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
