package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/progress"
	"github.com/i-agent/iagent/internal/store"
)

// prune removes what is older than it is kept.
type prune struct {
	app.Retention `embed:""`
	DatabaseURL   string `name:"database-url" env:"DATABASE_URL" default:"sqlite:iagent.db" help:"postgres://… or sqlite:PATH."`
	DryRun        bool   `help:"Count what would be pruned, and change nothing."`
	JSON          bool   `name:"json" help:"Print the counts as JSON."`
}

// Help goes below the flags of --help.
func (prune) Help() string {
	return "The server does the same by itself. Exits with 0 when all is pruned, with 1 when something failed, with 2 when a setting is wrong."
}

// pruned is what prune prints as JSON.
type pruned struct {
	DryRun bool               `json:"dryRun"`
	Items  []store.PruneCount `json:"items"`
}

func (p prune) Run(ctx context.Context) error {
	if err := app.CheckDatabaseURL(p.DatabaseURL); err != nil {
		return err
	}
	periods, err := p.CheckedPeriods()
	if err != nil {
		return err
	}
	s, err := openExisting(ctx, p.DatabaseURL)
	if err != nil {
		return &app.ConfigError{Faults: []string{"iagent: " + err.Error()}}
	}
	defer s.Close()
	if err := requireMigrated(ctx, s); err != nil {
		return err
	}
	counts, err := s.Prune(ctx, store.PruneOptions{Periods: periods, DryRun: true})
	if err == nil && !p.DryRun {
		counts, err = p.remove(ctx, s, periods, counts)
	}
	if printErr := p.print(counts); err == nil {
		err = printErr
	}
	return err
}

// remove prunes, showing how far it is of what was counted before.
func (p prune) remove(ctx context.Context, s *store.Store, periods store.Periods, counted []store.PruneCount) ([]store.PruneCount, error) {
	bar := progress.Bar{Out: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())), Unit: "rows", Lines: 10}
	for _, c := range counted {
		bar.Total += c.Rows
	}
	done, shown := 0, time.Time{}
	counts, err := s.Prune(ctx, store.PruneOptions{Periods: periods, OnBatch: func(c store.PruneCount) error {
		done += c.Rows
		if bar.Terminal && time.Since(shown) > 100*time.Millisecond {
			shown = time.Now()
			bar.Show(done, c.What)
		}
		return nil
	}})
	if bar.Terminal && done > 0 {
		bar.Show(done, "done")
		bar.End()
	}
	detail := map[string]any{}
	for _, c := range counts {
		if c.Rows > 0 {
			detail[c.What] = c.Rows
		}
	}
	if len(detail) > 0 {
		entry := interview.AuditEntry{Actor: cliActor(), Action: interview.AuditPrune, Detail: detail}
		if auditErr := s.RecordAudit(context.WithoutCancel(ctx), entry); err == nil {
			err = auditErr
		}
	}
	return counts, err
}

func (p prune) print(counts []store.PruneCount) error {
	if p.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(pruned{p.DryRun, counts})
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	verb := "pruned"
	if p.DryRun {
		verb = "would be pruned"
	}
	fmt.Fprintf(w, "WHAT\tTABLE\tOLDER THAN\t%s\tHELD\n", verb)
	for _, c := range counts {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", c.What, c.Table, c.Before.UTC().Format(time.RFC3339), c.Rows, c.Held)
	}
	return w.Flush()
}
