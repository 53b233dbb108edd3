package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/contactimport"
	"github.com/i-agent/iagent/internal/store"
)

// imports adds a list of contacts to a campaign.
type imports struct {
	File        string `arg:"" help:"CSV with a header, or JSON: {\"contacts\": [...]}; - is the standard input, as CSV."`
	Campaign    string `required:"" placeholder:"ID" help:"The campaign, by its id."`
	DryRun      bool   `help:"Say what would become of each row, and change nothing."`
	Refused     string `placeholder:"FILE" help:"Write the rows that are refused into a CSV file, with the reason in a column behind, to be mended and imported again."`
	JSON        bool   `name:"json" help:"Print the report as JSON."`
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" default:"sqlite:iagent.db" help:"postgres://… or sqlite:PATH."`
	PersonCalls int    `name:"person-calls-per-day" env:"PERSON_CALLS_PER_DAY" default:"3" help:"As the server has it."`
}

// Help goes below the flags of --help.
func (imports) Help() string {
	return "Works beside a running server, which calls the contacts as soon as the gate lets it. The columns are " + strings.Join(contactimport.Fields(), ", ") +
		" and var.NAME. Exits with 0 when every row is a contact, with 1 when rows were refused or something failed, with 2 when a setting or " +
		"the file is wrong. Ctrl-C stops it between two parts; the same file again adds the rest: rows that are contacts already are refused as CONTACT_EXISTS."
}

var errRefusedRows = errors.New("rows were refused: see above")

func (i imports) Run(ctx context.Context) error {
	if i.Refused != "" {
		if _, err := os.Stat(i.Refused); err == nil {
			return &app.ConfigError{Faults: []string{"--refused: " + i.Refused + " is there already"}}
		}
	}
	file, err := i.open()
	if err != nil {
		return &app.ConfigError{Faults: []string{err.Error()}}
	}
	defer func() { _ = file.Close() }()
	tune := func(o *store.Options) { o.PersonCallsPerDay = i.personCalls() }
	return withDatabase(ctx, i.DatabaseURL, tune, func(ctx context.Context, s *store.Store) error { return i.take(ctx, s, file) })
}

// take imports the list.
func (i imports) take(ctx context.Context, s *store.Store, file *os.File) error {
	bar := newBar(0, "rows")
	bar.Lines = 0 // nothing elsewhere than on a terminal
	rows, err := i.rows(file, &bar.Total)
	if err != nil {
		return i.configured(err)
	}
	report := importReport{dryRun: i.DryRun, json: i.JSON, mend: i.Refused != ""}
	counts, err := contactimport.Import{Store: s, CampaignID: i.Campaign, DryRun: i.DryRun, Now: time.Now, Each: report.take,
		Part: func(c contactimport.Counts) { bar.Show(c.Rows, fmt.Sprint(c.Contacts(), " contacts")) },
	}.Run(ctx, rows)
	if counts.Rows > 0 {
		bar.End()
	}
	if writeErr := i.writeRefused(&report.toMend); err == nil {
		err = writeErr
	}
	report.counts = counts
	if err != nil {
		report.problem = err.Error()
	}
	if err == nil || counts.Rows > 0 {
		if printErr := report.print(os.Stdout); err == nil {
			err = printErr
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("%d rows are over: %w", counts.Rows, errStopped)
	case err != nil && counts.Rows == 0:
		return i.configured(err)
	case err != nil:
		return fmt.Errorf("the import was broken off after %d rows; the same file again adds the rest: %w", counts.Rows, err)
	case report.refused > 0:
		return errRefusedRows
	}
	return nil
}

// personCalls is the bound as the store takes it.
func (i imports) personCalls() int {
	if i.PersonCalls <= 0 {
		return -1
	}
	return i.PersonCalls
}

// configured makes what the operator has to change an error of the arguments.
func (i imports) configured(err error) error {
	var wrong *contactimport.FileError
	if errors.As(err, &wrong) {
		return &app.ConfigError{Faults: []string{i.File + ": " + wrong.Problem}}
	}
	if errors.Is(err, store.ErrNotFound) {
		return &app.ConfigError{Faults: []string{"--campaign: there is no campaign " + i.Campaign}}
	}
	return err
}

// open opens the list.
func (i imports) open() (*os.File, error) {
	if i.File == "-" {
		return os.Stdin, nil
	}
	return os.Open(i.File)
}

func (i imports) isJSON() bool { return strings.EqualFold(filepath.Ext(i.File), ".json") }

// rows begins to read the list. A file's lines are counted first, for the progress.
func (i imports) rows(file *os.File, total *int) (contactimport.Reader, error) {
	if i.File != "-" {
		n, err := i.count(file)
		if err != nil {
			return nil, err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		*total = n
	}
	if i.isJSON() {
		return contactimport.NewJSON(file)
	}
	return contactimport.NewCSV(file)
}

// count is about how many rows there are.
func (i imports) count(file io.Reader) (int, error) {
	end := []byte("\n")
	if i.isJSON() {
		end = []byte(`"phoneNumber"`)
	}
	rows, buffer := 0, make([]byte, 64<<10)
	for {
		n, err := file.Read(buffer)
		rows += bytes.Count(buffer[:n], end)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// writeRefused writes the rows that were refused, if somebody wants them and there are any. A file that is there is not overwritten.
func (i imports) writeRefused(rows *contactimport.RefusedRows) error {
	if i.Refused == "" || rows.Len() == 0 {
		return nil
	}
	file, err := os.OpenFile(i.Refused, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("--refused: %w", err)
	}
	if err := rows.WriteCSV(file); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}
