package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/test/measure"
	"github.com/i-agent/iagent/test/seed"
)

const (
	// seedDays is over how many days the calls are spread that the commands meet.
	seedDays = 20
	// eventsOfAContact and so on are how many webhooks there are for each contact that is imported, each call of which Twilio knows
	// more than we do, and each minute of a recording.
	eventsOfAContact, eventsOfALostCall, eventsOfAMinute = 10, 2000, 1_000_000 / 60
	// longRecordings is how many recordings are transcribed at once.
	longRecordings = 5
)

// commandsRun measures each command that somebody waits for, over o.events webhooks on the databases that are wanted.
func commandsRun(ctx context.Context, o options, databases []string) error {
	binary, done, err := e2e.BuildTemporary(ctx, o.binary)
	if err != nil {
		return err
	}
	defer done()
	var failed error
	for _, kind := range databases {
		o.database = kind
		if err := measureCommands(ctx, o, binary); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", kind, err))
		}
	}
	return failed
}

// commands are the measurements on one database.
type commands struct {
	options options
	binary  string
	db      database
	folder  string
	made    seed.Made
}

func measureCommands(ctx context.Context, o options, binary string) (err error) {
	db, err := openDatabase(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	folder, err := os.MkdirTemp("", "iagent-commands-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := migrate(ctx, binary, db.url()); err != nil {
		return err
	}
	c := &commands{options: o, binary: binary, db: db, folder: folder}
	began := time.Now()
	calls := int(float64(o.events) / seed.EventsPerCall())
	if c.made, err = (seed.Seed{Calls: calls, Days: seedDays, Now: time.Now()}).Make(ctx, db.url()); err != nil {
		return fmt.Errorf("seeding: %w", err)
	}
	fmt.Printf("%d webhooks of %d calls, made in %.0f s; %s\n", c.made.Events, c.made.Calls, time.Since(began).Seconds(), db.describe(ctx))
	fmt.Printf("%-44s %9s %10s %10s %9s\n", "", "seconds", "processor", "database", "MB at most")
	for _, step := range []func(context.Context) error{c.start, c.verify, c.export, c.backup, c.doctor, c.imports, c.reconcile, c.recordings} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	fmt.Println()
	return nil
}

// environment is that of a command; settings come last and win.
func (c *commands) environment(settings ...string) []string {
	return append(environment(c.db.url(), "0"), append([]string{"TWILIO_ACCOUNT_SID=" + seed.Account, "TMPDIR=" + os.TempDir()}, settings...)...)
}

// measure runs a command, prints what it used, and checks that it printed what it must.
func (c *commands) measure(ctx context.Context, what, must string, settings []string, args ...string) error {
	cmd := exec.CommandContext(ctx, c.binary, args...)
	cmd.Env = c.environment(settings...)
	before, _ := c.db.cpu()
	out, used, err := measure.Command(cmd)
	after, known := c.db.cpu()
	if err == nil && !regexp.MustCompile(must).Match(out) {
		err = fmt.Errorf("%s: it printed no %s:\n%.2000s", what, must, out)
	}
	if err != nil && cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 1 && args[0] == "import" && regexp.MustCompile(must).Match(out) {
		err = nil // it says that rows were refused
	}
	if err != nil {
		return err
	}
	c.print(what, used, after-before, known)
	return nil
}

func (c *commands) print(what string, used measure.Usage, database time.Duration, known bool) {
	inDatabase := "-"
	if known {
		inDatabase = fmt.Sprintf("%.2f", database.Seconds())
	}
	fmt.Printf("%-44s %9.2f %10.2f %10s %9d\n", what, used.Time.Seconds(), used.CPU.Seconds(), inDatabase, used.Peak)
}

// start measures how long the server takes to be ready, and what it holds when nothing happens.
func (c *commands) start(ctx context.Context) error {
	began := time.Now()
	server, err := c.serve(ctx)
	if err != nil {
		return err
	}
	defer server.Kill()
	used := measure.Usage{Time: time.Since(began)}
	if used.CPU, err = measure.Processor(server.PID()); err != nil {
		return err
	}
	if used.Peak, err = measure.Memory(server.PID(), "VmHWM"); err != nil {
		return err
	}
	c.print("serve: until it is ready", used, 0, false)
	const quiet = 10 * time.Second
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(quiet):
	}
	idle, err := measure.Memory(server.PID(), "VmRSS")
	if err != nil {
		return err
	}
	cpu, err := measure.Processor(server.PID())
	if err != nil {
		return err
	}
	c.print("serve: idle for 10 s", measure.Usage{Time: quiet, CPU: cpu - used.CPU, Peak: idle}, 0, false)
	return server.Stop()
}

func (c *commands) serve(ctx context.Context, settings ...string) (*server, error) {
	return start(ctx, "iagent serve", []string{c.binary, "serve"}, func(port string) []string {
		return c.environment(append(settings, "PORT="+port)...)
	})
}

func (c *commands) verify(ctx context.Context) error {
	return c.measure(ctx, fmt.Sprintf("verify: %d webhooks", c.made.Events), `violations +none`, nil, "verify")
}

func (c *commands) export(ctx context.Context) error {
	file := filepath.Join(c.folder, "calls.csv")
	if err := c.measure(ctx, "export: the calls of a campaign", "", nil, "export", "--campaign", c.made.Campaigns[0], "--table", "calls", file); err != nil {
		return err
	}
	return os.Remove(file)
}

// backup is for SQLite; Postgres has a program of its own.
func (c *commands) backup(ctx context.Context) error {
	if c.options.database != "sqlite" {
		return nil
	}
	file := filepath.Join(c.folder, "backup.db")
	if err := c.measure(ctx, "backup", "checked and on the disk", nil, "backup", file); err != nil {
		return err
	}
	return os.Remove(file)
}

func (c *commands) doctor(ctx context.Context) error {
	return c.measure(ctx, "doctor: the database", "", nil, "doctor", "--only", "database,retention,jobs")
}

func (c *commands) imports(ctx context.Context) error {
	list, err := measure.NewContactList(c.folder, "csv", max(100, c.options.events/eventsOfAContact))
	if err != nil {
		return err
	}
	campaign, err := seed.Campaign(ctx, c.db.url(), "- What does {{product}} cost at {{shop}}?")
	if err != nil {
		return err
	}
	for _, step := range []struct {
		what     string
		contacts int
		more     []string
	}{{"dry run", list.Contacts, []string{"--dry-run"}}, {"", list.Contacts, nil}, {"again", 0, nil}} {
		what := fmt.Sprintf("import: %d rows %s", list.Rows, step.what)
		must := fmt.Sprintf(`"contacts": ?%d\b`, step.contacts)
		if err := c.measure(ctx, what, must, nil, append([]string{"import", list.File, "--campaign", campaign, "--json"}, step.more...)...); err != nil {
			return err
		}
	}
	return nil
}
