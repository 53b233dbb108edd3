package main

import (
	"context"
	"os"
	"time"

	"golang.org/x/term"

	idemo "github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/simulator"
)

// demo shows i-agent at work against a simulated Twilio.
type demo struct {
	Calls   int    `default:"20" help:"How many people to call."`
	Seed    uint64 `default:"1" help:"Decides everything that is left to chance."`
	Profile string `enum:",calm,rough" default:"" help:"Faults of the simulated Twilio: calm or rough. Without it webhooks are repeated and reordered."`
	Keep    bool   `help:"Leave the server up afterwards."`
	Port    string `default:"0" help:"Port to serve; 0 picks a free one."`
}

func (d demo) Run(ctx context.Context) error {
	options := idemo.Options{
		Out: os.Stdout, Terminal: term.IsTerminal(int(os.Stdout.Fd())),
		Calls: d.Calls, Seed: d.Seed, Keep: d.Keep, Port: d.Port,
	}
	if d.Profile != "" {
		faults, err := simulator.ParseProfile(d.Profile)
		if err != nil {
			return err
		}
		options.Faults, options.Within = &faults, 5*time.Minute // what was late or refused is asked for again later
	}
	return idemo.Run(ctx, options)
}
