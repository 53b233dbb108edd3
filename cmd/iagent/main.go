// Command iagent runs phone interviews over Twilio: every webhook is verified, accepted once, takes effect once and is
// answered in time.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/i-agent/iagent/internal/app"
)

// version is set by the linker in released binaries.
var version = ""

// Exit codes.
const (
	exitFault  = 1 // something failed, or a promise was broken
	exitConfig = 2 // a setting or an argument is wrong or missing
	exitListed = 3 // a number that was asked about is on the do-not-call list
)

// commands are the words of the command line.
type commands struct {
	Serve     serve     `cmd:"" help:"Serve webhooks and the API, and run the functions."`
	Doctor    doctor    `cmd:"" help:"Look at settings, database, Twilio, models and the public URL; say what does not work, and its cure."`
	Demo      demo      `cmd:"" help:"Place simulated calls: no account, no network."`
	Migrate   migrate   `cmd:"" help:"Bring the database's tables up, down, or list them."`
	Simulate  simulate  `cmd:"" help:"Try any Twilio application with a simulated Twilio that misbehaves on purpose."`
	Reconcile reconcile `cmd:"" help:"Ask Twilio once about unfinished calls, and feed in what never arrived."`
	Prune     prune     `cmd:"" help:"Remove what is older than RETENTION and DEDUP_RETENTION say, as the server does by itself."`
	Backup    backup    `cmd:"" help:"Copy the database while the server runs."`
	Restore   restore   `cmd:"" help:"Put a backup in the place of the database, and call nobody until it is known who was called since."`
	Replay    replay    `cmd:"" help:"Process stored webhooks again, send them elsewhere, or retry dead runs."`
	Import    imports   `cmd:"" help:"Add a list of contacts to a campaign, or say what would become of each row."`
	Stats     stats     `cmd:"" help:"How many calls ended how and why, and what came of webhooks and functions."`
	Export    export    `cmd:"" help:"Write the contacts, calls, answers, claims or verdicts of a campaign as CSV or JSON."`
	DoNotCall doNotCall `cmd:"" name:"do-not-call" help:"The list of numbers that must not be called: add, check, remove, import, export."`
	Stop      stop      `cmd:"" help:"Call nobody any more, of all campaigns or of one, until resume."`
	Resume    resume    `cmd:"" help:"End a stop."`
	Verify    verify    `cmd:"" help:"Check the promise on a database, live or not; it is only read."`
	Explain   explain   `cmd:"" help:"Tell why a request was refused: from a capture, a curl command line, or its parts."`
	Version   show      `cmd:"" help:"Print the version."`
}

func main() {
	os.Exit(run(os.Args[1:]))
}

// forgetEmpty takes empty variables for unset ones, as templates of environments leave them behind.
func forgetEmpty() {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); value == "" {
			_ = os.Unsetenv(name)
		}
	}
}

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	forgetEmpty()
	var c commands
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("iagent"),
		kong.Vars(app.Defaults()),
		kong.Description("Phone interviews over Twilio, every webhook exactly once. A flag with an environment variable beside it can be set by that."),
		kong.Exit(func(code int) { exit = code }),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, "iagent:", err)
		return exitFault
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "iagent:", err)
		return exitConfig
	}
	err = command.Run()
	var config *app.ConfigError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errListed):
		return exitListed
	case errors.As(err, &config):
		fmt.Fprintln(os.Stderr, config.Error())
		return exitConfig
	default:
		fmt.Fprintln(os.Stderr, "iagent:", err)
		return exitFault
	}
}

// show prints the version.
type show struct{}

func (show) Run() error {
	fmt.Println("iagent", versionOf())
	return nil
}

// versionOf is the linker's word, or else what Go knows of the build.
func versionOf() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && !strings.Contains(v, setting.Value[:min(12, len(setting.Value))]) {
			v += " " + setting.Value[:min(12, len(setting.Value))]
		}
	}
	return v
}
