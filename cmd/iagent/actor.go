package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/user"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/store"
)

// cliActor is who runs the command, for the audit log.
func cliActor() string {
	name := cmp.Or(os.Getenv("SUDO_USER"), os.Getenv("USER"))
	if u, err := user.Current(); name == "" && err == nil {
		name = u.Username
	}
	return "cli:" + cmp.Or(name, "unknown")
}

// requireMigrated returns a *app.ConfigError when the schema of a database is not this program's.
func requireMigrated(ctx context.Context, s *store.Store) error {
	ready, err := s.Migrated(ctx)
	if err == nil && !ready {
		err = errors.New("the database is not of this version; run iagent migrate up")
	}
	if err != nil {
		return &app.ConfigError{Faults: []string{"iagent: " + err.Error()}}
	}
	return nil
}
