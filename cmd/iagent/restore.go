package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/store"
)

// restore puts a backup in the place of the database.
type restore struct {
	File        string `arg:"" optional:"" help:"A copy that iagent backup wrote. Only for SQLite."`
	Force       bool   `help:"Move a database that is there aside."`
	Mark        bool   `help:"Without FILE: mark the database as restored, after pg_restore or after a file was put in its place by other means."`
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" default:"sqlite:iagent.db" help:"postgres://… or sqlite:PATH."`
	JSON        bool   `name:"json" help:"Print what was done as JSON."`
}

// Help goes below the flags of --help.
func (restore) Help() string {
	return `What happened after the backup is forgotten: calls that count as queued may have been dialled. So a restored database calls nobody until
Twilio's list of calls since the backup was read, which the server and iagent reconcile do. Stop the server first.

Postgres:
  createdb NEW
  pg_restore --no-owner --exit-on-error --single-transaction --dbname="$NEW_DATABASE_URL" FILE
  DATABASE_URL="$NEW_DATABASE_URL" iagent migrate up
  DATABASE_URL="$NEW_DATABASE_URL" iagent restore --mark      before any server starts

Exits with 0 when the database is restored, with 1 when it is as it was before, with 2 when an argument is wrong.`
}

// restoredDatabase is what restore prints as JSON.
type restoredDatabase struct {
	Since time.Time `json:"since"`
	Calls int       `json:"calls,omitempty"`
	Aside string    `json:"aside,omitempty"`
}

func (r restore) Run(ctx context.Context) error {
	if err := app.CheckDatabaseURL(r.DatabaseURL); err != nil {
		return err
	}
	path, isSQLite := store.SQLitePath(r.DatabaseURL)
	switch {
	case r.Mark == (r.File != ""):
		return &app.ConfigError{Faults: []string{"iagent: give the FILE to restore, or --mark for a database that was restored already"}}
	case r.Mark:
		return r.mark(ctx)
	case !isSQLite:
		return &app.ConfigError{Faults: []string{"iagent: Postgres is restored by its own program, pg_restore, and then marked with --mark; see iagent restore --help"}}
	}
	done, err := store.RestoreSQLite(ctx, r.File, path, store.RestoreOptions{Force: r.Force, Actor: cliActor()})
	if err != nil {
		return fmt.Errorf("restoring %s: %w", r.File, err)
	}
	return r.print(restoredDatabase{done.Since, done.File.Calls, done.Aside})
}

// mark keeps that the database was restored.
func (r restore) mark(ctx context.Context) error {
	s, err := openExisting(ctx, r.DatabaseURL)
	if err != nil {
		return &app.ConfigError{Faults: []string{"iagent: " + err.Error()}}
	}
	defer s.Close()
	if err := requireMigrated(ctx, s); err != nil {
		return err
	}
	if err := s.RequireUnused(ctx); err != nil && !r.Force {
		return err
	}
	done, err := s.MarkRestored(ctx, cliActor())
	if err != nil {
		return err
	}
	return r.print(restoredDatabase{Since: done.Since})
}

func (r restore) print(done restoredDatabase) error {
	if r.JSON {
		return json.NewEncoder(os.Stdout).Encode(done)
	}
	if done.Aside != "" {
		fmt.Println("the database that was there is now", done.Aside)
	}
	fmt.Printf("restored; what happened after %s is forgotten\n", stamp(done.Since))
	fmt.Println("nobody is called until Twilio's calls since then are known: start the server, or run iagent reconcile")
	return nil
}
