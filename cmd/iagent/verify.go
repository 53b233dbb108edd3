package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	iverify "github.com/i-agent/iagent/internal/verify"
)

// verify checks the promise on a database, live or not.
type verify struct {
	DatabaseURL  string        `name:"database-url" env:"DATABASE_URL" default:"sqlite:iagent.db" help:"postgres://… or sqlite:PATH."`
	Since        string        `help:"Leave out what is older: a duration such as 24h, or a time such as 2026-11-23T12:00:00Z."`
	LegacyBefore string        `help:"Until when another program wrote event ids, which therefore have no events. The default is when the database was first migrated."`
	StuckAfter   time.Duration `default:"10m" help:"How long a run may be unfinished without a job."`
	OverdueAfter time.Duration `env:"OVERDUE_AFTER" default:"30m" help:"As for serve: how long an answered call may last before its end is late."`
	Settled      bool          `help:"Nothing is under way any more: count everything that is unfinished as a violation."`
	JSON         bool          `name:"json" help:"Print the report as JSON."`
}

var errViolations = errors.New("the promise is broken: see the violations")

// Help goes below the flags of --help.
func (verify) Help() string {
	return "Exits with 1 when the promise is broken, with 2 when it cannot be checked."
}

// Run ends with exit code 1 for violations alone: whoever calls it from a script must be able to tell them from a database
// that is not there.
func (v verify) Run(ctx context.Context) error {
	err := v.check(ctx)
	if err == nil || errors.Is(err, errViolations) {
		return err
	}
	return &app.ConfigError{Faults: []string{"iagent: " + err.Error()}}
}

func (v verify) check(ctx context.Context) error {
	since, err := moment(v.Since)
	if err != nil {
		return fmt.Errorf("reading --since: %w", err)
	}
	legacy, err := moment(v.LegacyBefore)
	if err != nil {
		return fmt.Errorf("reading --legacy-before: %w", err)
	}
	s, err := openExisting(ctx, v.DatabaseURL)
	if err != nil {
		return err
	}
	defer s.Close()
	report, err := iverify.Run(ctx, iverify.Config{
		Store: s, Decide: app.Decide(), Since: since, LegacyBefore: legacy, StuckAfter: v.StuckAfter, Settled: v.Settled,
		Deadlines: interview.DeadlinesOf(v.OverdueAfter),
	})
	if err != nil {
		return err
	}
	if v.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		err = report.Write(os.Stdout)
	}
	if err == nil && !report.OK() {
		return errViolations
	}
	return err
}

// openExisting opens a database that must be there already: SQLite would make a new file.
func openExisting(ctx context.Context, url string, tune ...func(*store.Options)) (*store.Store, error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok && path != "" {
		path, _, _ = strings.Cut(strings.TrimPrefix(path, "file:"), "?")
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("opening DATABASE_URL: %w", err)
		}
	}
	var options store.Options
	for _, f := range tune {
		f(&options)
	}
	return store.Open(ctx, url, options)
}

// withDatabase opens the database of this version for the person who runs the command, and calls f with it.
func withDatabase(ctx context.Context, url string, tune func(*store.Options), f func(ctx context.Context, s *store.Store) error) error {
	if err := app.CheckDatabaseURL(url); err != nil {
		return err
	}
	if tune == nil {
		tune = func(*store.Options) {}
	}
	s, err := openExisting(ctx, url, tune)
	if err != nil {
		return &app.ConfigError{Faults: []string{"iagent: " + err.Error()}}
	}
	defer s.Close()
	if err := requireMigrated(ctx, s); err != nil {
		return err
	}
	return f(interview.WithActor(ctx, cliActor()), s)
}

// moment reads a time, or how long ago it was; "" is the zero time.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return interview.ParseMoment(text, time.Now())
}
