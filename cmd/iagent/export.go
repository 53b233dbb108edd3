package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/i-agent/iagent/internal/app"
	iexport "github.com/i-agent/iagent/internal/export"
	"github.com/i-agent/iagent/internal/store"
)

// export writes all rows of a table of a campaign, from the database: the server need not run.
type export struct {
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" default:"sqlite:iagent.db" help:"postgres://… or sqlite:PATH."`
	Campaign    string `required:"" placeholder:"ID" help:"The campaign."`
	Table       string `required:"" enum:"contacts,calls,answers,claims,verdicts" placeholder:"TABLE" help:"One of ${enum}."`
	Format      string `default:"csv" enum:"csv,json,ndjson" help:"One of ${enum}: json is one array, ndjson an object a line."`
	Viewer      bool   `help:"Mask phone numbers and leave them out of whatever people wrote or said, as for VIEWER_TOKEN."`
	File        string `arg:"" optional:"" default:"-" help:"Where to write; - is the standard output. A file appears when it is whole, readable by its owner alone."`
}

// Help is what --help says below the flags' summary.
func (export) Help() string {
	return "Without --viewer the file has phone numbers and what people said, as far as it was not erased.\n\n" +
		"Exits with 1 when the campaign is not there or not all could be written, with 2 for a wrong flag."
}

func (e export) Run(ctx context.Context) error {
	return withDatabase(ctx, e.DatabaseURL, nil, e.export)
}

func (e export) export(ctx context.Context, db *store.Store) error {
	rows := 0
	write := func(to io.Writer) (err error) {
		rows, err = iexport.Write(ctx, db, to, iexport.Options{CampaignID: e.Campaign, Table: iexport.Table(e.Table), Format: iexport.Format(e.Format), Viewer: e.Viewer})
		return err
	}
	if e.File == "-" {
		return write(os.Stdout)
	}
	if err := writeWhole(e.File, write); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d rows of %s in %s\n", rows, e.Table, e.File)
	return nil
}

// writeWhole writes a file that takes its name when it is whole; one of that name stays as it is until then.
func writeWhole(path string, write func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // a pipe, or /dev/stdout
		to, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return &app.ConfigError{Faults: []string{"FILE: " + err.Error()}}
		}
		defer to.Close()
		return write(to)
	}
	part, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return &app.ConfigError{Faults: []string{"FILE: " + err.Error()}}
	}
	defer func() { _ = os.Remove(part.Name()) }()
	err = write(part)
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(part.Name(), path)
	}
	return err
}
