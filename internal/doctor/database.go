package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/store"
)

// openDatabase is the check that opens the database for all others that look into it.
const openDatabase = "database.open"

// clocksApart is how far two clocks may be apart: more than that, and recordings seem to begin before the consent.
const clocksApart = 2 * time.Second

func (d *doctor) databaseChecks() []check {
	at := databaseName(d.DatabaseURL)
	needs := []string{"DATABASE_URL"}
	return []check{
		{name: "database.files", lookedAt: at, needs: needs, run: d.checkFiles}, // before the opening, which closes them to others
		{name: openDatabase, lookedAt: at, needs: needs, run: d.openDatabase},
		{name: "database.sessions", lookedAt: at, needs: needs, run: d.withDatabase(d.checkSessions)},
		{name: "database.schema", lookedAt: at, needs: needs, run: d.withDatabase(d.checkSchema)},
		{name: "database.write", lookedAt: at, needs: needs, run: d.withDatabase(d.checkWrite)},
		{name: "database.clock", lookedAt: at, needs: needs, run: d.withDatabase(d.checkDatabaseClock)},
		{name: "database.journal", lookedAt: at, needs: needs, run: d.withDatabase(d.checkJournal)},
	}
}

// databaseName is a database's URL without what is nobody's business.
func databaseName(databaseURL string) string {
	if path := sqlitePath(databaseURL); path != "" {
		return "sqlite:" + path
	}
	return bareURL(databaseURL)
}

// sqlitePath is the file of a SQLite database, "" on Postgres.
func sqlitePath(databaseURL string) string {
	path, sqlite := strings.CutPrefix(databaseURL, "sqlite:")
	if !sqlite {
		return ""
	}
	path, _, _ = strings.Cut(strings.TrimPrefix(path, "file:"), "?")
	return path
}

// withDatabase skips a check where the database cannot be opened.
func (d *doctor) withDatabase(run func(context.Context) outcome) func(context.Context) outcome {
	return func(ctx context.Context) outcome {
		if d.opened == nil {
			return skipped("the database is not open")
		}
		return run(ctx)
	}
}

// checkFiles looks at the permissions of SQLite's files.
func (d *doctor) checkFiles(context.Context) outcome {
	path := sqlitePath(d.DatabaseURL)
	if path == "" {
		return skipped("Postgres has no file of ours")
	}
	var loose []string
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(path + suffix); err == nil && info.Mode().Perm()&0o077 != 0 {
			loose = append(loose, filepath.Base(path+suffix))
		}
	}
	if len(loose) > 0 {
		return warn("chmod 600 "+path+"*", "others than their owner may read %s", strings.Join(loose, ", "))
	}
	return ok("its files are readable by their owner alone")
}

// openDatabase opens the database, and makes none.
func (d *doctor) openDatabase(ctx context.Context) outcome {
	path := sqlitePath(d.DatabaseURL)
	if path != "" {
		if _, err := os.Stat(path); err != nil {
			return fail("start iagent serve or run iagent migrate up, which make it; or correct DATABASE_URL", "there is no file %s", path)
		}
	}
	opened, err := store.Open(ctx, d.DatabaseURL, store.Options{Now: d.Now})
	if err == nil {
		if err = opened.Ping(ctx); err == nil {
			d.opened = opened
			return ok("it answers")
		}
		opened.Close()
	}
	if path != "" {
		return fail("check that "+path+" is a SQLite database that this user may read and write", "%v", err)
	}
	return fail("check that Postgres runs, that DATABASE_URL names its host, database, user and password, and that its pg_hba.conf lets this machine in", "%v", err)
}

func (d *doctor) close() {
	if d.opened != nil && d.opened != d.Store {
		d.opened.Close()
	}
}

// checkSessions looks for a pooler that does not let connections keep their sessions.
func (d *doctor) checkSessions(ctx context.Context) outcome {
	if sqlitePath(d.DatabaseURL) != "" {
		return skipped("SQLite has no sessions")
	}
	switch err := d.opened.ProbeSessions(ctx); {
	case errors.Is(err, store.ErrSharedSessions):
		return fail("set pool_mode = session in PgBouncer, or name the database's own address in DATABASE_URL",
			"a connection pooler shares sessions between connections: statements fail, settings and locks are lost (26000, 42P05)")
	case err != nil:
		return warn("give this program as many connections as its pool has, 20 or the pool_max_conns of DATABASE_URL, in Postgres and in a pooler", "%v", err)
	}
	return ok("each connection keeps its own")
}

func (d *doctor) checkSchema(ctx context.Context) outcome {
	steps, err := d.opened.MigrateStatus(ctx)
	switch {
	case errors.Is(err, store.ErrNewerSchema):
		return fail("use the newer iagent, or restore a backup from before its migration", "a newer program has migrated it")
	case err != nil:
		return fail("check that DATABASE_URL names the right database", "%v", err)
	}
	pending := 0
	for _, step := range steps {
		if step.AppliedAt.IsZero() {
			pending++
		}
	}
	switch {
	case pending == 0:
		return ok("it is of this program's version: %d migrations, with those of River", len(steps))
	case pending == len(steps) && sqlitePath(d.DatabaseURL) != "":
		return fail("iagent migrate up, if it is new; if it is a copy, make it anew with iagent backup",
			"it has no tables: it is new, or a plain copy of a file whose contents were in the -wal file beside it")
	}
	return fail("iagent migrate up, or start iagent serve, which does it", "%d of %d migrations are pending", pending, len(steps))
}

func (d *doctor) checkWrite(ctx context.Context) outcome {
	if err := d.opened.ProbeRollback(ctx); err != nil {
		return fail("check for a full disk, a read-only file system or session, a lock that another program holds, and the rights of this user", "%v", err)
	}
	return ok("a row was written and rolled back")
}

func (d *doctor) checkDatabaseClock(ctx context.Context) outcome {
	if sqlitePath(d.DatabaseURL) != "" {
		return skipped("SQLite has this machine's clock")
	}
	before := d.Now()
	theirs, err := d.opened.ServerTime(ctx)
	if err != nil {
		return fail("run iagent doctor again", "%v", err)
	}
	return d.compareClocks("Postgres", before, theirs)
}

// compareClocks holds a server's time, asked for between before and now, against ours.
func (d *doctor) compareClocks(server string, before, theirs time.Time) outcome {
	after := d.Now()
	var apart time.Duration
	switch {
	case theirs.Before(before.Add(-time.Second)): // it may give whole seconds
		apart = before.Sub(theirs)
	case theirs.After(after):
		apart = theirs.Sub(after)
	}
	if apart > clocksApart {
		return warn("set the clocks of both machines by NTP", "the clocks of this machine and of %s are %s apart", server, apart.Round(time.Second))
	}
	return ok("the clocks of this machine and of %s agree", server)
}

func (d *doctor) checkJournal(ctx context.Context) outcome {
	path := sqlitePath(d.DatabaseURL)
	if path == "" {
		return skipped("Postgres keeps its own log")
	}
	mode, err := d.opened.JournalMode(ctx)
	if err != nil {
		return fail("run iagent doctor again", "%v", err)
	}
	if !strings.EqualFold(mode, "wal") {
		return fail("put the file on a local file system: WAL does not work on a network's", "the journal mode is %s, not WAL", mode)
	}
	size := int64(0)
	if info, err := os.Stat(path + "-wal"); err == nil {
		size = info.Size()
	}
	if size > 256<<20 {
		return warn("look for a program that keeps a transaction open on the file", "%s-wal has %s, so it cannot be copied into the database", path, bytesText(uint64(size)))
	}
	return ok("WAL, with %s in %s-wal: a copy of the file without it lacks those; use iagent backup", bytesText(uint64(size)), filepath.Base(path))
}
