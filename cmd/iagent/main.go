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
	"slices"
	"strings"
	"syscall"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/store"
)

// version is set by the linker in released binaries.
var version = ""

// Exit codes.
const (
	exitFault  = 1 // something failed, or a promise was broken
	exitConfig = 2 // a setting or an argument is wrong or missing
	exitListed = 3 // a number that was asked about is on the do-not-call list
)

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

// asked has the usual words for version and help as this program's own: --version is version, and help COMMAND is COMMAND --help.
func asked(args []string) []string {
	if len(args) == 0 {
		return args
	}
	switch args[0] {
	case "--version", "-version", "-V":
		return append([]string{"version"}, args[1:]...)
	case "help", "-help":
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	forgetEmpty()
	args = asked(args)
	exit := -1
	parser, err := newParser(ctx, grammar(args), func(code int) { exit = code })
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
	case store.SaysSharedSessions(err): // which only the database can tell
		fmt.Fprintln(os.Stderr, "DATABASE_URL:", store.ErrSharedSessions)
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
