package testserver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
)

var pgbouncer = program{
	name: "PgBouncer",
	find: func() (string, bool) { return findFile("pgbouncer") },
	packages: map[string][]string{
		"apt-get": {"pgbouncer"}, "dnf": {"pgbouncer"}, "apk": {"pgbouncer"}, "brew": {"pgbouncer"},
	},
}

// PgBouncer is one throw-away connection pooler in front of a PostgreSQL server.
type PgBouncer struct {
	server
	behind *url.URL
}

// StartPgBouncer starts a pooler with a pool_mode (session, transaction or statement) in front of the server that databaseURL names, and
// returns once it lets that database's user in. The caller should Close it.
func StartPgBouncer(ctx context.Context, databaseURL, mode string) (*PgBouncer, error) {
	binary, err := locate(pgbouncer)
	if err != nil {
		return nil, err
	}
	behind, err := url.Parse(databaseURL)
	if err != nil || behind.User == nil {
		return nil, errors.New("the pooler needs a URL of the form postgres://user:password@host:port/database") // the parser's would quote the password
	}
	p := &PgBouncer{behind: behind}
	p.server = server{
		name: "PgBouncer", binary: binary,
		args: func(int) []string { return []string{"pgbouncer.ini"} },
		ping: p.ping, gentle: syscall.SIGKILL, hard: syscall.SIGKILL, // what else ends it at once differs between its versions
	}
	if err := p.create(); err != nil {
		return nil, err
	}
	password, _ := behind.User.Password()
	if err := p.writeFile(filepath.Join(p.dir, "users"), fmt.Sprintf("%q %q\n", behind.User.Username(), password)); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	for attempt := 1; ; attempt++ {
		p.port = freePort()
		err := p.writeFile(filepath.Join(p.dir, "pgbouncer.ini"), p.config(mode))
		if err == nil {
			err = p.Start(ctx)
		}
		if err == nil {
			return p, nil
		}
		// Another program may have taken the port meanwhile.
		if attempt == 3 || ctx.Err() != nil || canListen(p.port) {
			return nil, errors.Join(err, p.Close())
		}
	}
}

func (p *PgBouncer) config(mode string) string {
	auth := "scram-sha-256"
	if password, _ := p.behind.User.Password(); password == "" {
		auth = "trust" // as the server behind it does
	}
	return "[databases]\n* = host=" + p.behind.Hostname() + " port=" + p.behind.Port() + "\n[pgbouncer]\n" +
		"listen_addr = 127.0.0.1\nlisten_port = " + strconv.Itoa(p.port) + "\nunix_socket_dir =\n" +
		"auth_type = " + auth + "\nauth_file = users\npool_mode = " + mode + "\ndefault_pool_size = 30\n"
}

// URL is the address of the database through the pooler.
func (p *PgBouncer) URL() string {
	through := *p.behind
	through.Host = p.Addr()
	return through.String()
}

func (p *PgBouncer) ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.URL())
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}
