package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/telemetry"
)

// reconcile asks Twilio about calls that are not finished.
type reconcile struct {
	app.Config
	Since string `default:"24h" help:"How old the calls may be: a duration such as 24h, or a time such as 2026-11-23T12:00:00Z."`
}

func (reconcile) Help() string {
	return "While Twilio is busy (429, 5xx, no answer) it is asked up to 5 times about a call, with pauses of 1, 2, 4 and 8 seconds, or longer ones when it asks " +
		"for them; all pauses together take at most 2 minutes. Once it was asked 5 times about a call without any answer, it is asked once about each of the " +
		"others. Exits with 0 when Twilio answered about each call, with 1 when about some it did not or " +
		"something failed: they are named, and asked about by the next run; with 2 when a setting or an argument is wrong."
}

func (r reconcile) Run(ctx context.Context) error {
	if err := r.Check(); err != nil {
		return err
	}
	since, err := moment(r.Since)
	if err != nil {
		return &app.ConfigError{Faults: []string{"--since: " + err.Error()}}
	}
	log, err := telemetry.NewLogger(os.Stderr, r.LogFormat, r.LogLevel, r.Secrets()...)
	if err != nil {
		return err
	}
	found, err := app.Reconcile(interview.WithActor(ctx, cliActor()), r.Config, app.Options{Log: log, Version: versionOf()}, since)
	if restored := found.Restored; !restored.Since.IsZero() {
		fmt.Printf("the database was restored: of Twilio's calls since %s, %d count as queued here and are taken in, %d are not here at all\n",
			stamp(restored.Since), restored.Found, restored.Forgotten)
		if restored.Waiting != "" {
			fmt.Println("nobody is called yet, run this again:", restored.Waiting)
		}
	}
	if err == nil || found.Calls > 0 {
		fmt.Printf("%d unfinished calls asked about\n", found.Calls)
	}
	for _, kind := range slices.Sorted(maps.Keys(found.Repaired)) {
		fmt.Printf("%d %s events were missing and are here now\n", found.Repaired[kind], kind)
	}
	if err == nil && len(found.Repaired) == 0 {
		fmt.Println("nothing was missing")
	}
	return err
}
