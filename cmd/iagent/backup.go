package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// backup writes a copy of the database while the server runs.
type backup struct {
	File        string `arg:"" help:"Where to write the copy. It must not be there."`
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" default:"sqlite:iagent.db" help:"postgres://… or sqlite:PATH."`
	JSON        bool   `name:"json" help:"Print what was written as JSON."`
}

// Help goes below the flags of --help.
func (backup) Help() string {
	return "SQLite: one consistent file, also under load, which is checked and on the disk when the command ends. Postgres: prints the " +
		"command of pg_dump and exits with 2. Exits with 0 when the copy is whole, with 1 when it is not there, with 2 when an argument is wrong."
}

// backedUp is what backup prints as JSON.
type backedUp struct {
	File    string `json:"file"`
	Bytes   int64  `json:"bytes"`
	Version int64  `json:"version"`
	Calls   int    `json:"calls"`
}

func (b backup) Run(ctx context.Context) error {
	if err := app.CheckDatabaseURL(b.DatabaseURL); err != nil {
		return err
	}
	path, ok := store.SQLitePath(b.DatabaseURL)
	if !ok {
		return &app.ConfigError{Faults: []string{"iagent: Postgres is copied by its own program, also under load:\n" +
			"  pg_dump --format=custom --no-owner --file=" + shellQuoted(b.File) + ` "$DATABASE_URL"` + "\n" +
			"and restored with: iagent restore --help"}}
	}
	file, err := filepath.Abs(b.File)
	if err != nil {
		return err
	}
	made, err := store.BackupSQLite(ctx, path, file)
	if err != nil {
		return fmt.Errorf("backing up %s: %w", path, err)
	}
	if err := b.audit(ctx, made); err != nil {
		fmt.Fprintln(os.Stderr, "iagent: the backup is whole, but it is not in the audit log:", err)
	}
	if b.JSON {
		return json.NewEncoder(os.Stdout).Encode(backedUp{file, made.Size, made.Version, made.Calls})
	}
	fmt.Printf("%s: %d bytes, schema %d, %d calls; checked and on the disk\n", file, made.Size, made.Version, made.Calls)
	return nil
}

func (b backup) audit(ctx context.Context, made store.SQLiteFile) error {
	s, err := openExisting(ctx, b.DatabaseURL)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.RecordAudit(ctx, interview.AuditEntry{Actor: cliActor(), Action: interview.AuditBackup,
		Detail: map[string]any{"file": filepath.Base(b.File), "bytes": made.Size, "version": made.Version, "calls": made.Calls}})
}

// shellQuoted is a word for a POSIX shell.
func shellQuoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
