package main

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/interview"
	istats "github.com/i-agent/iagent/internal/stats"
	"github.com/i-agent/iagent/internal/store"
)

// stats counts what happened, from the database: the server need not run.
type stats struct {
	DatabaseURL  string        `name:"database-url" env:"DATABASE_URL" default:"sqlite:iagent.db" help:"postgres://… or sqlite:PATH."`
	Since        string        `default:"24h" help:"Count from here on: a duration such as 24h, or a time such as 2026-11-23T12:00:00Z. Empty for all there is."`
	Until        string        `help:"Count what was before: a duration or a time."`
	Campaign     string        `placeholder:"ID" help:"Count one campaign alone, and its contacts by final disposition."`
	OverdueAfter time.Duration `env:"OVERDUE_AFTER" default:"30m" help:"As for serve: how long an answered call may last before its end is late."`
	JSON         bool          `name:"json" help:"Print the answer of GET /api/stats, with --campaign that of GET /api/campaigns/{id}/dispositions in it as dispositions."`
}

// Help is what --help says below the flags' summary.
func (stats) Help() string {
	return "Exits with 1 when the database does not answer, with 2 for a wrong flag."
}

func (s stats) Run(ctx context.Context) error {
	by := store.StatsFilter{CampaignID: s.Campaign, Deadlines: interview.DeadlinesOf(s.OverdueAfter)}
	var err error
	if by.Since, err = moment(s.Since); err != nil {
		return &app.ConfigError{Faults: []string{"--since: " + err.Error()}}
	}
	if by.Until, err = moment(s.Until); err != nil {
		return &app.ConfigError{Faults: []string{"--until: " + err.Error()}}
	}
	if !by.Since.IsZero() && !by.Until.IsZero() && !by.Since.Before(by.Until) {
		return &app.ConfigError{Faults: []string{"--since: must be before --until"}}
	}
	db, err := openExisting(ctx, s.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	report, err := istats.Collect(ctx, db, by)
	if err != nil {
		return err
	}
	counted := struct {
		istats.Report
		Dispositions *istats.Dispositions `json:"dispositions,omitempty"`
	}{Report: report}
	if s.Campaign != "" {
		dispositions, err := istats.CollectDispositions(ctx, db, s.Campaign)
		if err != nil {
			return err
		}
		counted.Dispositions = &dispositions
	}
	if s.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(counted)
	}
	if err := report.Write(os.Stdout); err != nil || counted.Dispositions == nil {
		return err
	}
	return counted.Dispositions.Write(os.Stdout)
}
