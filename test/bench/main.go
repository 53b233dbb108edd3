// Command bench measures the webhooks of the real program: it builds iagent, runs `iagent serve` on a database of its own
// that waits for the disk at each commit, sends signed status callbacks as Twilio would, and counts afterwards that each
// was accepted exactly once.
//
//	go run ./test/bench
//	go run ./test/bench -database sqlite -requests 10000
//	go run ./test/bench -peers
//	go run ./test/bench -peers -slow 2ms
//	go run ./test/bench -growth 5000000
//	go run ./test/bench -prune 1000000 -requests 200000
//	go run ./test/bench -console 100000
//	go run ./test/bench -commands -events 1000000
//
// PostgreSQL is the server that TEST_DATABASE_URL names, or one started for the run. In turn with the program, with the same
// load and on the same database, it measures the plainest correct receivers: net/http, the same check of the signature, and
// for each webhook a transaction of four statements, or one statement that does all they do, or one statement for all
// webhooks that wait. With -peers there are also plain Go with Twilio's library, Express with it (where node and npm are;
// its packages come from npm), and pgbench. Machines differ, and one machine differs from minute to minute: the ratios tell
// more than the figures.
//
// With -commands each command that somebody waits for is run as a process of its own over a database that package test/seed has
// filled: how long it takes, the processor time of it and of PostgreSQL, and the most memory that it held.
//
// Exit status 1 says that a webhook was lost, taken twice, or not answered with 200, or that a command failed or found what it must not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

// options are the command line.
type options struct {
	requests    int
	connections int
	duplicates  float64
	database    string
	rounds      int
	baseline    int
	seed        uint64
	binary      string
	prune       int
	console     int
	commands    bool
	events      int
	viewers     int
	peers       bool
	slow        time.Duration
	growth      int
}

func main() {
	var o options
	flag.IntVar(&o.requests, "requests", 40_000, "webhooks to send, after a warm-up of a tenth of that")
	flag.IntVar(&o.connections, "connections", 32, "keep-alive connections, each with one request at a time")
	flag.Float64Var(&o.duplicates, "duplicates", 0.1, "share of the requests that repeat an earlier one")
	flag.StringVar(&o.database, "database", "postgres", "postgres or sqlite")
	flag.IntVar(&o.rounds, "rounds", 4, "into how many parts the run is cut, the receivers taking turns")
	flag.IntVar(&o.baseline, "baseline", -1, "webhooks for each plain receiver; 0 leaves them out, -1 is a quarter of -requests")
	flag.Uint64Var(&o.seed, "seed", 1, "makes the same requests again")
	flag.IntVar(&o.prune, "prune", 0, "instead: measure webhooks, 100 a second, while so many old events are pruned; -requests is how many there are at the most")
	flag.IntVar(&o.console, "console", 0, "instead: measure the pages of the console over so many calls, and what live lists cost the webhooks")
	flag.BoolVar(&o.commands, "commands", false, "instead: measure each command that somebody waits for, on both databases unless -database is given")
	flag.IntVar(&o.events, "events", 0, "with -commands: over how many webhooks; 0 is 25 for each of -requests")
	flag.IntVar(&o.viewers, "viewers", 50, "with -console: how many live lists are open")
	flag.BoolVar(&o.peers, "peers", false, "measure also plain Go and Express with Twilio's libraries, and pgbench")
	flag.DurationVar(&o.slow, "slow", 0, "make each flush of PostgreSQL to the disk so much longer, such as 2ms; needs gcc")
	flag.IntVar(&o.growth, "growth", 0, "instead: measure so many webhooks in twelve parts, while the tables grow")
	flag.StringVar(&o.binary, "iagent", "", "binary to measure instead of building ./cmd/iagent")
	flag.Parse()
	if p := os.Getenv(plainVariable); p != "" {
		if err := runPlain(plain(p)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (o *options) check() error {
	if o.baseline < 0 {
		o.baseline = o.requests / 4
	}
	if o.events == 0 {
		o.events = 25 * o.requests
	}
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("unknown argument %q", flag.Arg(0))
	case o.database != "postgres" && o.database != "sqlite":
		return errors.New("-database: use postgres or sqlite")
	case o.slow > 0 && (o.database != "postgres" || os.Getenv("TEST_DATABASE_URL") != ""):
		return errors.New("-slow is for a PostgreSQL that is started for the run: the library that makes flushes slow cannot be loaded by SQLite, which is a part of a static program, nor by a server that runs")
	case o.growth > 0 && o.growth < 1200:
		return errors.New("-growth must be at least 1200")
	case o.requests < 100 || o.connections < 1 || o.rounds < 1:
		return errors.New("-requests must be at least 100, -connections and -rounds at least 1")
	case o.duplicates < 0 || o.duplicates > 0.9:
		return errors.New("-duplicates must be between 0 and 0.9")
	}
	return nil
}

// run measures and prints. Its error is also the verdict.
func run(ctx context.Context, o options) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	if o.growth > 0 {
		return onNewDatabase(ctx, o, growthRun)
	}
	if o.prune > 0 {
		return onNewDatabase(ctx, o, pruneRun)
	}
	if o.console > 0 {
		return onNewDatabase(ctx, o, consoleRun)
	}
	if o.commands {
		databases := []string{"sqlite", "postgres"}
		flag.Visit(func(f *flag.Flag) {
			if f.Name == "database" {
				databases = []string{o.database}
			}
		})
		return commandsRun(ctx, o, databases)
	}
	binary, done, err := e2e.BuildTemporary(ctx, o.binary)
	if err != nil {
		return err
	}
	defer done()
	db, err := openDatabase(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()

	r := &report{}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.addProgram(ctx, o, binary, db); err != nil {
		return err
	}
	if o.baseline > 0 {
		if err := r.addPlains(ctx, o, db); err != nil {
			return err
		}
	}
	if o.peers && o.database == "postgres" {
		if err := r.addExpress(ctx, o, db); err != nil {
			return err
		}
		if err := r.addPgbench(ctx, o, db); err != nil {
			return err
		}
	}
	fmt.Printf("%d webhooks, %.0f %% of them repeated, over %d connections; %s\n\n",
		len(r.program().traffic.requests), 100*o.duplicates, o.connections, db.describe(ctx))
	if err := r.measure(ctx, o, db); err != nil {
		return err
	}
	r.print()
	return r.verdict(ctx, db)
}
