package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/i-agent/iagent/internal/app"
	idoctor "github.com/i-agent/iagent/internal/doctor"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/progress"
)

// doctor looks at the whole installation.
type doctor struct {
	app.Config
	Only   []string `placeholder:"NAME,…" help:"Only these groups or checks, such as twilio,url or database.write."`
	Number string   `placeholder:"+…" help:"A number that shall be called: may the account call its country?"`
	JSON   bool     `name:"json" help:"Print the findings as JSON."`
}

var errFindings = errors.New("something does not work: see above")

// Help goes below the flags of --help.
func (doctor) Help() string {
	return "Nothing is changed: the database is written and rolled back, the models are sent one second of silence and one question, " +
		"and the public URL a request that is stored nowhere.\n\nGroups: " + strings.Join(idoctor.Groups(), ", ") + ".\n\n" +
		"Exits with 0 when nothing fails (warnings included), with 1 when something does not work, with 2 when a setting is wrong or missing."
}

func (d doctor) Run(ctx context.Context) error {
	var faults []string
	if unknown := idoctor.Unknown(d.Only); len(unknown) > 0 {
		faults = append(faults, "--only: there is no "+strings.Join(unknown, ", ")+"; groups are "+strings.Join(idoctor.Groups(), ", "))
	}
	if d.Number != "" && !interview.ValidPhoneNumber(d.Number) {
		faults = append(faults, "--number: must be E.164, such as +15551234567")
	}
	if len(faults) > 0 {
		return &app.ConfigError{Faults: faults}
	}
	what := app.DoctorOptions{Only: d.Only, Callee: d.Number}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		bar := &progress.Bar{Out: os.Stderr, Terminal: true, Unit: "checks"}
		what.Progress = func(done, total int) {
			bar.Total = total
			bar.Show(done, "looking")
			if done == total {
				bar.End()
			}
		}
	}
	report := idoctor.NewReport(app.Doctor(ctx, d.Config, app.Options{Version: versionOf()}, what))
	write := report.Write
	if d.JSON {
		write = report.WriteJSON
	}
	if err := write(os.Stdout); err != nil {
		return err
	}
	// The settings are reported already, whatever --only says: they decide what the rest means.
	var config *app.ConfigError
	if err := d.CheckServing(); errors.As(err, &config) {
		return &app.ConfigError{Faults: config.Faults}
	}
	if report.Result == idoctor.Fail {
		return errFindings
	}
	return nil
}
