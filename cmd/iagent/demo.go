package main

import (
	"context"
	"os"

	"golang.org/x/term"

	idemo "github.com/i-agent/iagent/internal/demo"
)

// demo shows i-agent at work against a simulated Twilio.
type demo struct {
	Calls int    `default:"20" help:"How many people to call."`
	Seed  uint64 `default:"1" help:"Decides everything that is left to chance."`
	Keep  bool   `help:"Leave the server up afterwards."`
	Port  string `default:"0" help:"Port to serve; 0 picks a free one."`
}

func (d demo) Run(ctx context.Context) error {
	return idemo.Run(ctx, idemo.Options{
		Out: os.Stdout, Terminal: term.IsTerminal(int(os.Stdout.Fd())),
		Calls: d.Calls, Seed: d.Seed, Keep: d.Keep, Port: d.Port,
	})
}
