package testserver

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Postgres is one throw-away PostgreSQL server with an empty database called
// "postgres". It may be stopped and started again, as often as a test needs,
// and keeps its port and its data while it is not closed.
type Postgres struct {
	server
	password string
}

// Options says how a server is to run. The zero value is right for tests.
type Options struct {
	// Fsync makes a commit wait for the disk, as in production: for
	// benchmarks. Without it a commit survives the end of the server, even
	// a kill, but not of the machine. Redis keeps its data across a restart
	// with Fsync only.
	Fsync bool
	// MaxConnections is PostgreSQL's max_connections; 0 means 200.
	MaxConnections int
	// Settings are further PostgreSQL settings, "name=value".
	Settings []string
	// Env is added to PostgreSQL's environment, "NAME=value".
	Env []string
}

// StartPostgres makes a new database cluster and returns once it accepts
// connections. The server outlives ctx, which
// bounds the start only. The caller owns it and should Close it.
func StartPostgres(ctx context.Context, o Options) (*Postgres, error) {
	bin, err := locate(postgresql)
	if err != nil {
		return nil, fmt.Errorf("%w; or set TEST_DATABASE_URL to a server of your own", err)
	}
	p := &Postgres{password: rand.Text()}
	p.server = server{
		name: "PostgreSQL", binary: filepath.Join(bin, "postgres"),
		args: func(port int) []string { return postgresArgs(o, port) },
		env:  o.Env,
		ping: p.ping, gentle: syscall.SIGINT, hard: syscall.SIGQUIT,
	}
	if err := p.create(); err != nil {
		return nil, err
	}
	if err := p.initdb(ctx, filepath.Join(bin, "initdb")); err != nil {
		p.Close()
		return nil, err
	}
	if err := p.firstStart(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// URL is the address of the database "postgres" for a superuser, in the form
// postgres://user:password@127.0.0.1:port/postgres?sslmode=disable. It stays
// the same until the server is closed.
func (p *Postgres) URL() string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/postgres?sslmode=disable", p.password, p.port)
}

func (p *Postgres) initdb(ctx context.Context, initdb string) error {
	secret := filepath.Join(p.dir, "password")
	verifier, err := scramVerifier(p.password)
	if err != nil {
		return err
	}
	if err := p.writeFile(secret, verifier+"\n"); err != nil {
		return err
	}
	// A password even on loopback: whoever else is on this machine could
	// otherwise run programs as us through COPY ... PROGRAM.
	cmd := p.command(initdb, "--pgdata=data", "--username=postgres", "--pwfile="+secret,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
	if out, err := output(ctx, cmd); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, tail(out))
	}
	return os.Remove(secret)
}

// scramVerifier is what PostgreSQL keeps of a password (RFC 5803, RFC 5802 section 3), with one iteration instead of 4,096: those
// protect passwords that can be guessed, and would be a tenth of the processor time of tests, which make many connections.
func scramVerifier(password string) (string, error) {
	const iterations = 1
	salt := []byte(rand.Text())
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	keyed := func(name string) []byte {
		mac := hmac.New(sha256.New, salted)
		mac.Write([]byte(name))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(keyed("Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, encode(salt), encode(stored[:]), encode(keyed("Server Key"))), nil
}

func (p *Postgres) ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.URL())
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func postgresArgs(o Options, port int) []string {
	connections := o.MaxConnections
	if connections == 0 {
		connections = 200
	}
	settings := []string{
		"port=" + strconv.Itoa(port), "listen_addresses=127.0.0.1", "unix_socket_directories=",
		"max_connections=" + strconv.Itoa(connections), "timezone=UTC",
	}
	if !o.Fsync {
		// synchronous_commit stays on: tests stop the server in immediate
		// mode and expect to find what was committed.
		settings = append(settings, "fsync=off", "full_page_writes=off")
	}
	args := []string{"-D", "data"}
	for _, s := range append(settings, o.Settings...) {
		args = append(args, "-c", s)
	}
	return args
}

// tail is the end of a server's output, for an error message.
func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
