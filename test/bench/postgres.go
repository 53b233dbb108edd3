package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/i-agent/iagent/internal/testserver"
)

// postgres is a database of our own on a server that somebody else runs, or that runs for this benchmark.
type postgres struct {
	address  string
	attached bool // the database is another process'
	pool     *pgxpool.Pool
	admin    string               // "" when the server goes with us
	own      *testserver.Postgres // nil when it is somebody else's
	master   int                  // process id of the server, 0 if not of this machine
	slow     time.Duration        // that each flush takes longer
	remove   func()               // removes the slow disk's library
}

func openPostgres(ctx context.Context, slow time.Duration) (_ *postgres, err error) {
	p := &postgres{admin: os.Getenv("TEST_DATABASE_URL"), slow: slow}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.admin == "" {
		server := testserver.Options{Fsync: true}
		if slow > 0 {
			environment, remove, err := buildSlowDisk(ctx, slow)
			if err != nil {
				return nil, err
			}
			server.Env, p.remove = environment, remove
		}
		if p.own, err = testserver.StartPostgres(ctx, server); err != nil {
			return nil, err
		}
		p.address = p.own.URL()
	} else if err := p.create(ctx); err != nil {
		return nil, err
	}
	if err := p.open(ctx, p.address, 32); err != nil {
		return nil, err
	}
	backend, err := p.count(ctx, "SELECT pg_backend_pid()")
	if err != nil {
		return nil, err
	}
	p.master = postmaster(backend)
	return p, nil
}

func (p *postgres) open(ctx context.Context, url string, connections int) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return errors.New("TEST_DATABASE_URL is not of the form postgres://user:password@host:port/database")
	}
	config.MaxConns = int32(connections)
	p.pool, err = pgxpool.NewWithConfig(ctx, config)
	return err
}

// create makes the database on somebody else's server.
func (p *postgres) create(ctx context.Context) error {
	u, err := url.Parse(p.admin)
	if err != nil || u.Host == "" {
		return errors.New("TEST_DATABASE_URL is not of the form postgres://user:password@host:port/database")
	}
	name := "iagent_bench_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	if err := p.administer(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return err
	}
	u.Path = "/" + name
	p.address = u.String()
	return nil
}

func (p *postgres) administer(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, p.admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

func (p *postgres) url() string { return p.address }

func (p *postgres) describe(ctx context.Context) string {
	var version, fsync, commit string
	err := p.pool.QueryRow(ctx, "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')").
		Scan(&version, &fsync, &commit)
	if err != nil {
		return "PostgreSQL"
	}
	text := fmt.Sprintf("PostgreSQL %s, fsync %s, synchronous_commit %s", version, fsync, commit)
	if p.slow > 0 {
		text += fmt.Sprintf(", each flush %s longer", p.slow)
	}
	return text
}

func (p *postgres) exec(ctx context.Context, statement string, args ...any) error {
	_, err := p.pool.Exec(ctx, statement, args...)
	return err
}

func (p *postgres) count(ctx context.Context, query string, args ...any) (n int, err error) {
	err = p.pool.QueryRow(ctx, query, args...).Scan(&n)
	return n, err
}

func (p *postgres) transact(ctx context.Context, f func(transaction) error) error {
	return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error { return f(pgxTransaction{tx}) })
}

type pgxTransaction struct{ tx pgx.Tx }

func (t pgxTransaction) exec(ctx context.Context, statement string, args ...any) error {
	_, err := t.tx.Exec(ctx, statement, args...)
	return err
}

func (t pgxTransaction) text(ctx context.Context, query string, args ...any) (string, bool, error) {
	return scanText(t.tx.QueryRow(ctx, query, args...))
}

func (p *postgres) text(ctx context.Context, query string, args ...any) (string, bool, error) {
	return scanText(p.pool.QueryRow(ctx, query, args...))
}

func scanText(row pgx.Row) (text string, found bool, err error) {
	err = row.Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, nil
	}
	return text, err == nil, err
}

func (p *postgres) analyze(ctx context.Context) error {
	if err := p.exec(ctx, "ANALYZE"); err != nil {
		return fmt.Errorf("analyzing: %w", err)
	}
	return nil
}

// commits looks at the system column that names the transaction of each row; rows of this table are never updated.
func (p *postgres) commits(ctx context.Context) (int, bool) {
	n, err := p.count(ctx, "SELECT count(DISTINCT xmin::text) FROM webhook_dedup")
	return n, err == nil
}

func (p *postgres) cpu() (time.Duration, bool) { return familyCPU(p.master) }

func (p *postgres) close() error {
	if p.pool != nil {
		p.pool.Close()
	}
	if p.remove != nil {
		defer p.remove()
	}
	if p.own != nil {
		return p.own.Close()
	}
	if p.address == "" || p.attached {
		return nil
	}
	u, err := url.Parse(p.address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return p.administer(ctx, "DROP DATABASE IF EXISTS "+u.Path[1:]+" WITH (FORCE)")
}
