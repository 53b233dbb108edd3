package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// doNotCall works on the list of numbers that must not be called.
type doNotCall struct {
	Add    doNotCallAdd    `cmd:"" help:"Put a number on the list: nobody dials it any more, and queued calls to it are canceled."`
	Check  doNotCallCheck  `cmd:"" help:"Say whether a number is on the list; exits with 3 when it is."`
	List   doNotCallList   `cmd:"" help:"Print the newest entries, with their ids."`
	Remove doNotCallRemove `cmd:"" help:"Take a number, or one entry, off the list."`
	Import doNotCallImport `cmd:"" help:"Put the numbers of a CSV file on the list."`
	Export doNotCallExport `cmd:"" help:"Write the list as CSV, with hashes in place of numbers."`
}

// errListed says that a number is on the do-not-call list.
var errListed = errors.New("the number is on the do-not-call list")

// listDatabase is the database whose list it is.
type listDatabase struct {
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" default:"sqlite:iagent.db" help:"postgres://… or sqlite:PATH."`
	JSON        bool   `name:"json" help:"Print JSON."`
}

// with opens the database of this version and calls f with it.
func (d listDatabase) with(ctx context.Context, f func(ctx context.Context, s *store.Store) error) error {
	err := withDatabase(ctx, d.DatabaseURL, nil, f)
	if errors.Is(err, store.ErrNoCampaign) {
		return &app.ConfigError{Faults: []string{"iagent: --scope or --campaign: there is no such campaign"}}
	}
	return err
}

// listedAs is an entry as it is printed.
type listedAs struct {
	ID          string    `json:"id"`
	PhoneNumber string    `json:"phoneNumber"` // masked
	Scope       string    `json:"scope"`
	Source      string    `json:"source"`
	Reason      string    `json:"reason,omitempty"`
	RequestedBy string    `json:"requestedBy,omitempty"`
	CallID      string    `json:"callId,omitempty"`
	CreatedAt   time.Time `json:"createdAt"`
}

func showListed(d interview.DoNotCall) listedAs {
	return listedAs{d.ID, d.Masked, d.Scope, d.Source, d.Reason, d.RequestedBy, d.CallID, d.CreatedAt.UTC()}
}

// line prints an entry as a row of a table.
func (e listedAs) line(w io.Writer) {
	fmt.Fprintf(w, "%s\t%s\tscope %s\t%s\t%s\n", e.ID, cmp.Or(e.PhoneNumber, "erased"), e.Scope, e.Source, e.CreatedAt.Format(time.RFC3339))
}

func (d listDatabase) print(v any, lines func(w io.Writer)) error {
	if d.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	lines(w)
	return w.Flush()
}

// e164 reads a number of the command line.
func e164(text string) (string, error) {
	number, ok := interview.NormalPhoneNumber(text)
	if !ok {
		return "", &app.ConfigError{Faults: []string{"iagent: the number must be in E.164, as in +15551234567"}}
	}
	return number, nil
}

type doNotCallAdd struct {
	listDatabase
	Number string `arg:"" help:"The number with its country code, as in +15551234567."`
	Scope  string `default:"all" help:"all, or the id of a campaign."`
	Source string `default:"cli" help:"Where it comes from."`
	Reason string `help:"Why."`
}

func (c doNotCallAdd) Run(ctx context.Context) error {
	number, err := e164(c.Number)
	if err != nil {
		return err
	}
	return c.with(ctx, func(ctx context.Context, s *store.Store) error {
		entry, added, err := s.AddDoNotCall(ctx, store.NewDoNotCall{PhoneNumber: number, Scope: c.Scope, Source: c.Source, Reason: c.Reason, RequestedBy: cliActor()})
		if err != nil {
			return err
		}
		shown := struct {
			Added bool `json:"added"`
			listedAs
		}{added, showListed(entry)}
		return c.print(shown, func(w io.Writer) {
			verb := "was there already"
			if added {
				verb = "added"
			}
			fmt.Fprintf(w, "%s\t%s\tscope %s\t%s\n", entry.ID, entry.Masked, entry.Scope, verb)
		})
	})
}

type doNotCallCheck struct {
	listDatabase
	Number string `arg:"" help:"The number with its country code, as in +15551234567."`
	Scope  string `placeholder:"ID" help:"Only whether this campaign must not call it."`
}

// Help goes below the flags of --help.
func (doNotCallCheck) Help() string {
	return "Exits with 0 when the number is not on the list, with 3 when it is, with 1 when something failed, with 2 when an argument is wrong."
}

func (c doNotCallCheck) Run(ctx context.Context) error {
	number, err := e164(c.Number)
	if err != nil {
		return err
	}
	return c.with(ctx, func(ctx context.Context, s *store.Store) error {
		found, err := s.DoNotCallList(ctx, store.DoNotCallFilter{PhoneNumber: number}, store.Page{Limit: 1000})
		if err != nil {
			return err
		}
		shown := struct {
			Listed  bool       `json:"listed"`
			Entries []listedAs `json:"entries"`
		}{Entries: []listedAs{}}
		for _, d := range found.Items {
			if c.Scope == "" || d.Covers(c.Scope) {
				shown.Entries = append(shown.Entries, showListed(d))
			}
		}
		shown.Listed = len(shown.Entries) > 0
		err = c.print(shown, func(w io.Writer) {
			if !shown.Listed {
				fmt.Fprintln(w, "not on the list")
			}
			for _, e := range shown.Entries {
				e.line(w)
			}
		})
		if err == nil && shown.Listed {
			err = errListed
		}
		return err
	})
}

type doNotCallList struct {
	listDatabase
	Scope string `placeholder:"ID" help:"Only entries of this scope: all, or the id of a campaign."`
	Limit int    `default:"50" help:"How many at most."`
}

// Help goes below the flags of --help.
func (doNotCallList) Help() string {
	return "Numbers are masked. All entries are in iagent do-not-call export."
}

func (c doNotCallList) Run(ctx context.Context) error {
	if c.Limit < 1 {
		return &app.ConfigError{Faults: []string{"--limit: must be at least 1"}}
	}
	return c.with(ctx, func(ctx context.Context, s *store.Store) error {
		found, err := s.DoNotCallList(ctx, store.DoNotCallFilter{Scope: c.Scope}, store.Page{Limit: c.Limit})
		if err != nil {
			return err
		}
		shown := struct {
			Entries []listedAs `json:"entries"`
			More    bool       `json:"more"`
		}{[]listedAs{}, found.Next != ""}
		for _, d := range found.Items {
			shown.Entries = append(shown.Entries, showListed(d))
		}
		return c.print(shown, func(w io.Writer) {
			if len(shown.Entries) == 0 {
				fmt.Fprintln(w, "the list is empty")
			}
			for _, e := range shown.Entries {
				e.line(w)
			}
			if shown.More {
				fmt.Fprintln(w, "… and older ones: --limit, or iagent do-not-call export")
			}
		})
	})
}

type doNotCallRemove struct {
	listDatabase
	Entry  string `arg:"" name:"number-or-id" help:"The number with its country code, as in +15551234567, or the id of one entry, as check and list print it."`
	Scope  string `placeholder:"ID" help:"Of the number's entries that of this scope: all, or the id of a campaign."`
	Reason string `help:"Why; it is kept in the audit log."`
}

// Help goes below the flags of --help.
func (doNotCallRemove) Help() string {
	return "A number with entries of several scopes needs --scope, or the id of one of them. Exits with 1 when there is no such entry, with 2 when an argument is wrong."
}

func (c doNotCallRemove) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *store.Store) error {
		id := c.Entry
		if number, ok := interview.NormalPhoneNumber(c.Entry); ok {
			entry, err := c.entryOf(ctx, s, number)
			if err != nil {
				return err
			}
			id = entry.ID
		} else if c.Scope != "" {
			return &app.ConfigError{Faults: []string{"iagent: --scope goes with a number: an id is of one entry"}}
		}
		err := s.RemoveDoNotCall(ctx, id, cliActor(), c.Reason)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%w: give the number with its country code, as in +15551234567, or an id of iagent do-not-call list", err)
		}
		if err != nil {
			return err
		}
		return c.print(map[string]string{"removed": id}, func(w io.Writer) { fmt.Fprintln(w, "removed", id) })
	})
}

var errNotListed = errors.New("the number is not on the do-not-call list")

// entryOf is the entry of a number that is meant: the only one, or that of --scope.
func (c doNotCallRemove) entryOf(ctx context.Context, s *store.Store, number string) (interview.DoNotCall, error) {
	found, err := s.DoNotCallList(ctx, store.DoNotCallFilter{PhoneNumber: number, Scope: c.Scope}, store.Page{Limit: 1000})
	switch {
	case err != nil:
		return interview.DoNotCall{}, err
	case len(found.Items) == 0 && c.Scope != "":
		return interview.DoNotCall{}, fmt.Errorf("%w with scope %s", errNotListed, c.Scope)
	case len(found.Items) == 0:
		return interview.DoNotCall{}, errNotListed
	case len(found.Items) == 1:
		return found.Items[0], nil
	}
	faults := []string{fmt.Sprintf("iagent: the number has %d entries: give --scope, or the id of one:", len(found.Items))}
	for _, d := range found.Items {
		faults = append(faults, fmt.Sprintf("  %s scope %s", d.ID, d.Scope))
	}
	return interview.DoNotCall{}, &app.ConfigError{Faults: faults}
}

type doNotCallImport struct {
	listDatabase
	File   string `arg:"" help:"A CSV file with the column phoneNumber or hash, and if wanted scope, source and reason; - for standard input."`
	Scope  string `default:"all" help:"The scope of rows that do not say: all, or the id of a campaign."`
	Source string `default:"import" help:"The source of rows that do not say."`
	Reason string `help:"The reason of rows that do not say."`
}

// Help goes below the flags of --help.
func (doNotCallImport) Help() string {
	return "Rows that cannot be taken are printed and left out. Exits with 0 when all rows were taken, with 1 when some were not or something failed, with 2 when an argument is wrong."
}

var errRows = errors.New("not all rows were taken: see above")

func (c doNotCallImport) Run(ctx context.Context) error {
	file := os.Stdin
	if c.File != "-" {
		var err error
		if file, err = os.Open(c.File); err != nil {
			return &app.ConfigError{Faults: []string{"iagent: " + err.Error()}}
		}
		defer func() { _ = file.Close() }()
	}
	return c.with(ctx, func(ctx context.Context, s *store.Store) error {
		result, err := s.ImportDoNotCall(ctx, store.ReadDoNotCallCSV(file),
			store.NewDoNotCall{Scope: c.Scope, Source: c.Source, Reason: c.Reason, RequestedBy: cliActor()})
		var wrong *store.FileError
		if errors.As(err, &wrong) && result.Rows == 0 {
			return &app.ConfigError{Faults: []string{c.File + ": " + wrong.Error()}}
		}
		for _, row := range result.Refused {
			fmt.Fprintf(os.Stderr, "line %d: %q %s\n", row.Line, maskedDigits(row.Value), row.Refused)
		}
		printErr := c.print(map[string]int{"rows": result.Rows, "added": result.Added, "already": result.Already, "refused": result.RefusedRows}, func(w io.Writer) {
			fmt.Fprintf(w, "%d rows: %d added, %d were there already, %d refused\n", result.Rows, result.Added, result.Already, result.RefusedRows)
		})
		if err == nil && result.RefusedRows > 0 {
			err = errRows
		}
		return errors.Join(err, printErr)
	})
}

type doNotCallExport struct {
	listDatabase
	Scope string `placeholder:"ID" help:"Only entries of this scope: all, or the id of a campaign."`
}

// Help goes below the flags of --help.
func (doNotCallExport) Help() string {
	return "Numbers cannot be read back: the file has them masked, and as keyed hashes by which this database, and one restored from its backup, knows them."
}

func (c doNotCallExport) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *store.Store) error {
		return s.ExportDoNotCall(ctx, store.DoNotCallFilter{Scope: c.Scope}, os.Stdout, nil)
	})
}
