package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/simulator"
)

// Options say how a demo runs. The zero value of a field is its default.
type Options struct {
	// Out takes the progress and the table.
	Out io.Writer
	// Terminal draws a progress bar instead of plain lines.
	Terminal bool
	// Calls is how many people are called; 0 means 20.
	Calls int
	// Seed decides everything that is left to chance.
	Seed uint64
	// DatabaseURL is used instead of an SQLite file in a temporary folder.
	DatabaseURL string
	// Port is served instead of a free one.
	Port string
	// Keep leaves the server up after the table, until the context ends.
	Keep bool
	// Samples adds to a kept server what the study's calls do not have, so that its console has something of everything.
	Samples bool
	// Kept, if set, is called once a kept server is ready to be looked at.
	Kept func(Kept)
	// Faults replace the demo's own.
	Faults *simulator.Faults
	// Configure changes the server's configuration before it is opened; its URL is set already.
	Configure func(*app.Config)
	// Simulator makes what plays simulated interviews in the server; nil for none.
	Simulator func(app.SimulatorConfig) (app.Simulator, error)
	// Within bounds the calls; 0 means a minute, three with samples.
	Within time.Duration

	// behaviour says what the simulated Twilio does with these faults.
	behaviour string
}

// Kept is a server that stays up.
type Kept struct{ URL, AdminToken, ViewerToken string }

// BrokenError says that a promise was broken.
type BrokenError struct {
	Violations []string
	// Late is how many answers came too late for Twilio.
	Late int
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("%d promises were broken", len(e.Violations))
}

// Run places the calls, waits until everything that they cause has been done, and prints a table. It returns an
// *BrokenError when anything was lost or doubled.
func Run(ctx context.Context, options Options) error {
	options = options.withDefaults()
	if options.DatabaseURL == "" {
		folder, err := os.MkdirTemp("", "iagent-demo-")
		if err != nil {
			return fmt.Errorf("making a temporary folder: %w", err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		options.DatabaseURL = "sqlite:" + folder + "/iagent.db"
	}
	run, err := newRun(ctx, options)
	if err != nil {
		return err
	}
	defer run.close()

	bounded, cancel := context.WithTimeout(ctx, options.Within)
	defer cancel()
	if err := run.play(bounded); err != nil {
		return err
	}
	result, err := run.judge(ctx)
	if err != nil {
		return err
	}
	result.print(options.Out)
	if options.Keep {
		if options.Samples {
			if err := run.addSamples(bounded); err != nil {
				return fmt.Errorf("adding samples for the console: %w", err)
			}
		}
		fmt.Fprintf(options.Out, "\nStill serving. Stop with Ctrl-C.\nConsole:                 %s/console\nSign in with:            %s\n", run.url, run.adminToken)
		if options.Samples {
			fmt.Fprintf(options.Out, "or with masked numbers:  %s\n", run.viewerToken)
		}
		if options.Kept != nil {
			options.Kept(Kept{URL: run.url, AdminToken: run.adminToken, ViewerToken: run.viewerToken})
		}
		<-ctx.Done()
	}
	if len(result.violations) > 0 {
		return &BrokenError{Violations: result.violations, Late: result.late}
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Calls == 0 {
		o.Calls = 20
	}
	o.behaviour = "misbehaves as it was told to"
	if o.Faults == nil {
		o.Faults, o.behaviour = &simulator.Faults{Duplicate: 0.25, Reorder: 0.25}, "repeats and reorders its webhooks"
	}
	if o.Within == 0 {
		o.Within = time.Minute
		if o.Samples {
			o.Within = 3 * time.Minute
		}
	}
	if o.Port == "" {
		o.Port = "0"
	}
	return o
}
