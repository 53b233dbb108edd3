package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/contactimport"
	"github.com/i-agent/iagent/internal/interview"
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

// importReport is what import prints as JSON.
type importReport struct {
	DryRun      bool                   `json:"dryRun"`
	Contacts    int                    `json:"contacts"`
	Counts      contactimport.Counts   `json:"counts"`
	RefusedRows []contactimport.Result `json:"refusedRows"`
	Error       string                 `json:"error,omitempty"`
}

func (i imports) Run(ctx context.Context) error {
	ctx = interview.WithActor(ctx, cliActor())
	if err := app.CheckDatabaseURL(i.DatabaseURL); err != nil {
		return err
	}
	file, err := i.open()
	if err != nil {
		return &app.ConfigError{Faults: []string{err.Error()}}
	}
	defer func() { _ = file.Close() }()
	s, err := openExisting(ctx, i.DatabaseURL, func(o *store.Options) { o.PersonCallsPerDay = i.personCalls() })
	if err != nil {
		return &app.ConfigError{Faults: []string{"iagent: " + err.Error()}}
	}
	defer s.Close()
	if err := requireMigrated(ctx, s); err != nil {
		return err
	}
	if i.Refused != "" {
		if _, err := os.Stat(i.Refused); err == nil {
			return &app.ConfigError{Faults: []string{"--refused: " + i.Refused + " is there already"}}
		}
	}
	bar := newBar(0, "rows")
	rows, err := i.rows(file, &bar.Total)
	if err != nil {
		return i.configured(err)
	}
	var refused []contactimport.RefusedRow
	report := importReport{DryRun: i.DryRun, RefusedRows: []contactimport.Result{}}
	counts, err := contactimport.Import{Store: s, CampaignID: i.Campaign, DryRun: i.DryRun, Now: time.Now,
		Each: func(row contactimport.Row, r contactimport.Result) error {
			if r.Action == contactimport.ActionRefuse {
				report.RefusedRows = append(report.RefusedRows, r)
				refused = append(refused, contactimport.RefusedRow{Row: row, Result: r})
			}
			return nil
		},
		Part: func(c contactimport.Counts) { bar.Show(c.Rows, fmt.Sprint(c.Contacts(), " contacts")) },
	}.Run(ctx, rows)
	if counts.Rows > 0 {
		bar.End()
	}
	if writeErr := i.writeRefused(refused); err == nil {
		err = writeErr
	}
	report.Counts, report.Contacts = counts, counts.Contacts()
	if err != nil {
		report.Error = err.Error()
	}
	if err == nil || counts.Rows > 0 {
		if printErr := i.print(report); err == nil {
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
	case len(report.RefusedRows) > 0:
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

// open opens the list so that it can be read twice.
func (i imports) open() (io.ReadSeekCloser, error) {
	if i.File != "-" {
		return os.Open(i.File)
	}
	all, err := io.ReadAll(os.Stdin)
	return nopCloser{bytes.NewReader(all)}, err
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

func (i imports) isJSON() bool { return strings.EqualFold(filepath.Ext(i.File), ".json") }

// rows begins to read the list, and counts its lines first.
func (i imports) rows(file io.ReadSeeker, total *int) (contactimport.Reader, error) {
	lines, buffer := 0, make([]byte, 64<<10)
	for {
		n, err := file.Read(buffer)
		if i.isJSON() {
			lines += bytes.Count(buffer[:n], []byte(`"phoneNumber"`))
		} else {
			lines += bytes.Count(buffer[:n], []byte("\n"))
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	*total = max(lines, 1)
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if i.isJSON() {
		return contactimport.NewJSON(file)
	}
	return contactimport.NewCSV(file)
}

func (i imports) print(report importReport) error {
	if i.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	const most = 20
	for n, r := range report.RefusedRows {
		if n == most {
			fmt.Printf("… and %d more\n", len(report.RefusedRows)-most)
			break
		}
		fmt.Printf("line %d: %s %s %q %s\n", r.Line, r.Reason, r.Field, masked(r), r.Detail)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	verb := map[bool]string{false: "are called", true: "would be called"}[i.DryRun]
	fmt.Fprintf(w, "%d\trows\t\n%d\t%s\t\n", report.Counts.Rows, report.Counts.WillCall, verb)
	for _, reason := range slices.Sorted(maps.Keys(report.Counts.Waits)) {
		waits := report.Counts.Waits[reason]
		fmt.Fprintf(w, "%d\twait\t%s, until %s\n", waits.Count, reason, waits.Until.UTC().Format(time.RFC3339))
	}
	for _, reason := range slices.Sorted(maps.Keys(report.Counts.Refused)) {
		fmt.Fprintf(w, "%d\trefused\t%s\n", report.Counts.Refused[reason], reason)
	}
	if report.Counts.Warnings > 0 {
		fmt.Fprintf(w, "%d\twarnings\tnumbers that look wrong, and are called nevertheless\n", report.Counts.Warnings)
	}
	return w.Flush()
}

// masked is the value of a refused row for a terminal, which others may see or record.
func masked(r contactimport.Result) string {
	if r.PhoneNumber != "" && r.Field == "phoneNumber" {
		return interview.MaskPhoneNumber(r.PhoneNumber)
	}
	return interview.WithoutPhoneNumbers(r.Value)
}

// writeRefused writes the rows that were refused, if somebody wants them and there are any. A file that is there is not overwritten.
func (i imports) writeRefused(rows []contactimport.RefusedRow) error {
	if i.Refused == "" || len(rows) == 0 {
		return nil
	}
	file, err := os.OpenFile(i.Refused, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("--refused: %w", err)
	}
	if err := contactimport.WriteRefused(file, rows); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}
