// Command soak holds i-agent to its promise for a while: the real binary, people who are called through a simulated Twilio
// that misbehaves, and the server killed, or its database stopped, in the middle of it. In the end `iagent verify` judges
// the database, and every call is held against what the simulator knows to be true.
//
//	go run ./test/soak                                   every scenario, 2,000 calls each where nothing else is said
//	go run ./test/soak -scenario kills-sqlite -calls 200 -seed 7
//	go run ./test/soak -scenario two-servers -engine both
//
// The functions run on River, or on an Inngest server of the run's own, a stand-in for the self-hosted one.
// PostgreSQL is a server of the run's own, because it is stopped on the way. Exit status 1 says that something was lost or
// doubled, or that a run did not come to rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := soak(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// soak runs the scenarios that the arguments name. Its error is also the verdict.
func soak(ctx context.Context, args []string, out io.Writer) error {
	names := make([]string, 0, len(scenarios()))
	for _, s := range scenarios() {
		names = append(names, s.Name)
	}
	var (
		flags    = flag.NewFlagSet("soak", flag.ContinueOnError)
		scenario = flags.String("scenario", "", "only this one: "+strings.Join(names, ", "))
		database = flags.String("database", "", "only the scenarios on this one: sqlite or postgres")
		engine   = flags.String("engine", engineRiver, "what runs the functions: river, inngest, or both, each scenario on one after the other")
		calls    = flags.Int("calls", 0, "people to call, instead of the scenario's own number")
		kills    = flags.Int("kills", -1, "SIGKILLs, instead of the scenario's own number")
		profile  = flags.String("profile", "rough", "faults of the simulated Twilio: calm, rough or hostile")
		seed     = flags.Uint64("seed", 1, "decides everything that is left to chance")
		binary   = flags.String("iagent", "", "binary to try instead of building ./cmd/iagent")
		within   = flags.Duration("within", 20*time.Minute, "bounds each scenario")
		verbose  = flags.Bool("v", false, "tell what is done to the server, and how far the calls have come")
		keep     = flags.Bool("keep", false, "keep the databases and logs")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen := slices.DeleteFunc(scenarios(), func(s Scenario) bool {
		return *scenario != "" && s.Name != *scenario || *database != "" && s.Database != *database
	})
	engines, err := enginesOf(*engine)
	if err != nil {
		return err
	}
	chosen = on(engines, chosen)
	if flags.NArg() > 0 || len(chosen) == 0 {
		return fmt.Errorf("no scenario is chosen: use -scenario %s", strings.Join(names, "|"))
	}
	path, done, err := e2e.BuildTemporary(ctx, *binary)
	if err != nil {
		return err
	}
	defer done()
	broken := 0
	for _, s := range chosen {
		if *calls > 0 {
			s.Calls = *calls
		}
		if *kills >= 0 {
			s.Kills = *kills
		}
		s.Profile, s.Seed, s.Within, s.Keep = *profile, *seed, *within, *keep
		s.Binary, s.Judge = path, path
		if *verbose {
			s.Log = out
		}
		report, err := Run(ctx, s)
		if err != nil {
			return fmt.Errorf("%s on %s: %w", s.Name, s.Engine, err)
		}
		report.Print(out)
		if len(report.Violations) > 0 {
			broken++
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d of %d scenarios broke the promise", broken, len(chosen))
	}
	return nil
}
