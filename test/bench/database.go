package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

// database is what the program and the baseline run on. The statements of this package run on both kinds.
type database interface {
	// url is what DATABASE_URL is to be.
	url() string
	// describe says in a few words how safe a commit is.
	describe(ctx context.Context) string
	exec(ctx context.Context, statement string, args ...any) error
	querier
	// count runs a query for one number.
	count(ctx context.Context, query string, args ...any) (int, error)
	// transact runs f in a transaction and commits it.
	transact(ctx context.Context, f func(tx transaction) error) error
	// analyze makes the statistics that the database makes by itself in time.
	analyze(ctx context.Context) error
	// commits is how many transactions claimed at least one event, if that can be known.
	commits(ctx context.Context) (n int, ok bool)
	// cpu is the processor time of the database's own processes so far, if that can be known.
	cpu() (time.Duration, bool)
	close() error
}

type transaction interface {
	exec(ctx context.Context, statement string, args ...any) error
	querier
}

// querier runs a query for one text; no row is not found.
type querier interface {
	text(ctx context.Context, query string, args ...any) (text string, found bool, err error)
}

func openDatabase(ctx context.Context, o options) (database, error) {
	if o.database == "sqlite" {
		return openSQLite(ctx)
	}
	return openPostgres(ctx, o.slow)
}

// onNewDatabase runs a measurement with the program and a new database that it has migrated.
func onNewDatabase(ctx context.Context, o options, measure func(ctx context.Context, o options, binary string, db database) error) (err error) {
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
	if err := migrate(ctx, binary, db.url()); err != nil {
		return err
	}
	return measure(ctx, o, binary, db)
}

// attach opens a database that another process made.
func attach(ctx context.Context, url string, connections int) (database, error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		s := &sqlite{file: path}
		return s, s.open(ctx)
	}
	p := &postgres{address: url, attached: true}
	return p, p.open(ctx, url, connections)
}

// callsAtOnce keeps a statement's placeholders below what both databases take.
const callsAtOnce = 500

// seedCalls inserts calls that are dialled and bound, of a campaign that dials no more.
func seedCalls(ctx context.Context, db database, calls []*call) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	err := db.exec(ctx, `INSERT INTO campaigns (id, name, category, prompt_template, status, created_at, updated_at)
		VALUES ('bench', 'Benchmark', 'retail', '- How is business?', 'PAUSED', $1, $1)`, now)
	if err != nil {
		return fmt.Errorf("inserting the campaign: %w", err)
	}
	if err := insertCalls(ctx, db, "calls", calls); err != nil {
		return err
	}
	return db.analyze(ctx)
}

// insertCalls fills the program's table of calls, or a copy of it.
func insertCalls(ctx context.Context, db database, table string, calls []*call) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	for begin := 0; begin < len(calls); begin += callsAtOnce {
		part := calls[begin:min(begin+callsAtOnce, len(calls))]
		args := []any{now, accountSid}
		var rows []string
		for _, c := range part {
			n := len(args)
			rows = append(rows, fmt.Sprintf(`($%d, 'bench', $%d, $%d, $2, 'DIALING', -1, '', 0, $1, 0, '', '', $1, $1)`, n+1, n+2, n+3))
			args = append(args, c.id, c.phone, c.sid)
		}
		err := db.exec(ctx, `INSERT INTO `+table+` (id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent,
			consent_attempts, dialed_at, error_code, error_message, transcript, created_at, updated_at) VALUES `+strings.Join(rows, ", "), args...)
		if err != nil {
			return fmt.Errorf("inserting calls: %w", err)
		}
	}
	return nil
}
