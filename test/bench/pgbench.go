package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/internal/testserver"
)

// pgbenchName is the statement of oneStatement, run by PostgreSQL's own load generator: no HTTP, no signature, and no repeated webhook.
const pgbenchName = "pgbench, one statement each"

// pgbench runs that statement over connections of its own.
type pgbench struct {
	program, folder string
	url             string
	connections     int
	done            int
}

const pgbenchCalls = 10_000

func newPgbench(ctx context.Context, o options, db database) (*pgbench, error) {
	program, err := testserver.PostgresProgram("pgbench")
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		`CREATE TABLE pgbench_dedup (LIKE plain_dedup INCLUDING ALL)`,
		`CREATE TABLE pgbench_calls (LIKE plain_calls INCLUDING ALL)`,
		`CREATE TABLE pgbench_events (LIKE plain_events INCLUDING ALL)`,
		`INSERT INTO pgbench_calls SELECT 'call-' || n, 'queued', now() FROM generate_series(0, ` + strconv.Itoa(pgbenchCalls-1) + `) n`,
	} {
		if err := db.exec(ctx, statement); err != nil {
			return nil, fmt.Errorf("making the tables of pgbench: %w", err)
		}
	}
	folder, err := os.MkdirTemp("", "iagent-pgbench-")
	if err != nil {
		return nil, err
	}
	p := &pgbench{program: program, folder: folder, url: db.url(), connections: o.connections}
	body := strings.Repeat("x", 560) // as long as a status callback
	script := `\set n random(1, 9000000000000000)
\set call random(0, ` + strconv.Itoa(pgbenchCalls-1) + `)
WITH claim AS (
	INSERT INTO pgbench_dedup (id, received_at) VALUES ('CA0123456789abcdef' || :n || '-status-completed', now()) ON CONFLICT DO NOTHING RETURNING id
), moved AS (
	UPDATE pgbench_calls SET status = CASE WHEN status = 'completed' THEN status ELSE 'ringing' END, updated_at = now()
	WHERE id = 'call-' || :call AND EXISTS (SELECT FROM claim)
)
INSERT INTO pgbench_events (id, call_id, body, reply, received_at)
SELECT id, 'call-' || :call, '` + body + `', '{"success": true}', now() FROM claim RETURNING reply;
`
	return p, os.WriteFile(p.script(), []byte(script), 0o600)
}

func (p *pgbench) script() string { return filepath.Join(p.folder, "webhook.sql") }

func (p *pgbench) close() error { return os.RemoveAll(p.folder) }

// tps is what pgbench prints as its rate.
var tps = regexp.MustCompile(`(?m)^tps = ([0-9.]+) `)

// send runs about n statements, and returns how many it were and how long they took.
func (p *pgbench) send(ctx context.Context, n int) (int, time.Duration, error) {
	config, err := pgx.ParseConfig(p.url)
	if err != nil {
		return 0, 0, errors.New("pgbench: the address of the database cannot be read")
	}
	each := max(1, n/p.connections)
	cmd := exec.CommandContext(ctx, p.program, "--no-vacuum", "--protocol=prepared", "--client="+strconv.Itoa(p.connections), "--jobs=2",
		"--transactions="+strconv.Itoa(each), "--file="+p.script(), config.Database)
	// The password is not for the list of processes.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PGHOST=" + config.Host, "PGPORT=" + strconv.Itoa(int(config.Port)), "PGUSER=" + config.User,
		"PGPASSWORD=" + config.Password, "PGSSLMODE=disable", "HOME=" + p.folder}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	match := tps.FindSubmatch(out)
	if match == nil {
		return 0, 0, fmt.Errorf("pgbench printed no rate:\n%s", out)
	}
	rate, err := strconv.ParseFloat(string(match[1]), 64)
	if err != nil || rate <= 0 {
		return 0, 0, fmt.Errorf("pgbench printed no rate:\n%s", out)
	}
	count := each * p.connections
	p.done += count
	return count, time.Duration(float64(count) / rate * float64(time.Second)), nil
}
