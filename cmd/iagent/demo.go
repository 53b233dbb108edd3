package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/i-agent/iagent/internal/app"
	idemo "github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/simulator"
)

// demo shows i-agent at work against a simulated Twilio.
type demo struct {
	Calls   int                `default:"20" help:"How many people to call."`
	Seed    uint64             `default:"1" help:"Decides everything that is left to chance."`
	Profile string             `enum:",calm,rough" default:"" help:"Faults of the simulated Twilio: calm or rough. Without it webhooks are repeated and reordered."`
	Fault   map[string]float64 `placeholder:"NAME=RATE" help:"A single fault's rate, from 0 to 1, instead of the profile's. With drop, calls whose end never arrives stay open, and the demo gives up after five minutes."`
	Keep    bool               `help:"Leave the server up afterwards, on loopback, with something of everything in its console."`
	Port    string             `default:"0" help:"Port to serve; 0 picks a free one."`
}

func (d demo) Run(ctx context.Context) error {
	if d.Calls < 1 {
		return &app.ConfigError{Faults: []string{"--calls: must be at least 1"}}
	}
	options := idemo.Options{
		Out: os.Stdout, Terminal: term.IsTerminal(int(os.Stdout.Fd())),
		Calls: d.Calls, Seed: d.Seed, Keep: d.Keep, Samples: d.Keep, Port: d.Port, Simulator: newSimulator,
	}
	if d.Profile != "" || len(d.Fault) > 0 {
		faults, err := simulator.ParseProfile(cmp.Or(d.Profile, "calm"))
		if err != nil {
			return err
		}
		for name, rate := range d.Fault {
			if err := faults.Set(simulator.Fault(name), rate); err != nil {
				return &app.ConfigError{Faults: []string{fmt.Sprintf("--fault: %v", err)}}
			}
		}
		options.Faults, options.Within = &faults, 5*time.Minute // what was late or refused is asked for again later
	}
	return idemo.Run(ctx, options)
}
