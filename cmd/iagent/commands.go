package main

import (
	"cmp"
	"context"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/i-agent/iagent/internal/app"
)

// commands are the words of the command line.
type commands struct {
	Serve     serve     `cmd:"" help:"Serve webhooks and the API, and run the functions."`
	Doctor    doctor    `cmd:"" help:"Look at settings, database, Twilio, models and the public URL; say what does not work, and its cure."`
	Demo      demo      `cmd:"" help:"Place simulated calls: no account, no network."`
	Migrate   migrate   `cmd:"" help:"Bring the database's tables up, down, or list them."`
	Simulate  simulate  `cmd:"" help:"Try any Twilio application with a simulated Twilio that misbehaves on purpose."`
	Reconcile reconcile `cmd:"" help:"Ask Twilio about unfinished calls, and feed in what never arrived."`
	Prune     prune     `cmd:"" help:"Remove what is older than RETENTION and DEDUP_RETENTION say, as the server does by itself."`
	Backup    backup    `cmd:"" help:"Copy the database while the server runs."`
	Restore   restore   `cmd:"" help:"Put a backup in the place of the database, and call nobody until it is known who was called since."`
	Replay    replay    `cmd:"" help:"Process stored webhooks again, send them elsewhere, or retry dead runs."`
	Import    imports   `cmd:"" help:"Add a list of contacts to a campaign, or say what would become of each row."`
	Stats     stats     `cmd:"" help:"How many calls ended how and why, and what came of webhooks and functions."`
	Export    export    `cmd:"" help:"Write the contacts, calls, answers, claims or verdicts of a campaign as CSV or JSON."`
	DoNotCall doNotCall `cmd:"" name:"do-not-call" help:"The list of numbers that must not be called: add, check, list, remove, import, export."`
	Stop      stop      `cmd:"" help:"Call nobody any more, of all campaigns or of one, until resume."`
	Resume    resume    `cmd:"" help:"End a stop."`
	Verify    verify    `cmd:"" help:"Check the promise on a database, live or not; it is only read."`
	Explain   explain   `cmd:"" help:"Tell why a request was refused: from a capture, a curl command line, or its parts."`
	Version   show      `cmd:"" help:"Print the version."`
}

// grammar is what kong is to read of commands: only the one that the arguments begin with, if there is such a one, since each command
// takes a part of a millisecond to describe.
func grammar(args []string) any {
	all := reflect.TypeFor[commands]()
	for i := range all.NumField() {
		field := all.Field(i)
		if name := cmp.Or(field.Tag.Get("name"), strings.ToLower(field.Name)); len(args) > 0 && args[0] == name {
			return reflect.New(reflect.StructOf([]reflect.StructField{field})).Interface()
		}
	}
	return &commands{}
}

// newParser reads command lines by a grammar. It calls exit where kong would end the program, as it does after --help.
func newParser(ctx context.Context, grammar any, exit func(code int), options ...kong.Option) (*kong.Kong, error) {
	return kong.New(grammar, append([]kong.Option{
		kong.Name("iagent"),
		kong.Vars(app.Defaults()),
		kong.Description("Phone interviews over Twilio, every webhook exactly once. A flag with an environment variable beside it can be set by that."),
		kong.Exit(exit),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	}, options...)...)
}
