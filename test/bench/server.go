package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// program is the package that is measured.
const program = "github.com/i-agent/iagent/cmd/iagent"

// build returns the path of the binary to measure, and what removes it.
func build(ctx context.Context, given string) (string, func(), error) {
	if given != "" {
		path, err := filepath.Abs(given)
		return path, func() {}, err
	}
	dir, err := os.MkdirTemp("", "iagent-bench-")
	if err != nil {
		return "", nil, err
	}
	done := func() { os.RemoveAll(dir) }
	path := filepath.Join(dir, "iagent")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		done()
		return "", nil, fmt.Errorf("building iagent: %w\n%s", err, out)
	}
	return path, done, nil
}

// environment is all that the program knows: nothing of ours, and a Twilio that nobody can reach.
func environment(databaseURL, port string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "TZ=UTC",
		"DATABASE_URL=" + databaseURL, "HOST=127.0.0.1", "PORT=" + port, "APP_URL=" + publicURL,
		"TWILIO_AUTH_TOKEN=" + authToken, "TWILIO_ACCOUNT_SID=" + accountSid, "TWILIO_PHONE_NUMBER=+15005550006",
		"TWILIO_API_URL=http://127.0.0.1:9", "OPENAI_API_KEY=none", "OPENAI_BASE_URL=http://127.0.0.1:9/v1",
		"ADMIN_TOKEN=bench-admin-token", "LOG_LEVEL=warn",
	}
}

func migrate(ctx context.Context, binary, databaseURL string) error {
	cmd := exec.CommandContext(ctx, binary, "migrate", "up")
	cmd.Env = environment(databaseURL, "0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("iagent migrate up: %w\n%s", err, out)
	}
	return nil
}

// server is a process under load.
type server struct {
	name    string
	address string
	cmd     *exec.Cmd
	log     *os.File
	done    chan struct{}
	err     error // how it ended; to be read after done
}

// serve starts the program and returns once it is ready.
func serve(ctx context.Context, binary, databaseURL string) (*server, error) {
	return start(ctx, "iagent serve", exec.Command(binary, "serve"), func(port string) []string { return environment(databaseURL, port) })
}

// start starts a server on a port of its own and returns once it is ready.
func start(ctx context.Context, name string, cmd *exec.Cmd, environment func(port string) []string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	log, err := os.CreateTemp("", "iagent-bench-*.log")
	if err != nil {
		return nil, err
	}
	s := &server{name: name, address: address, log: log, done: make(chan struct{}), cmd: cmd}
	s.cmd.Env = environment(port)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.done)
	}()
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), s.stop())
	}
	return s, nil
}

func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/readyz", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				http.DefaultClient.CloseIdleConnections()
				return nil
			}
		}
		select {
		case <-s.done:
			return errors.New("it ended before it was ready")
		case <-ctx.Done():
			return errors.Join(errors.New("it is not ready"), err)
		case <-tick.C:
		}
	}
}

// stop ends the program gracefully. Its log goes to standard error if there is anything in it worth reading.
func (s *server) stop() error {
	defer func() {
		s.log.Close()
		os.Remove(s.log.Name())
	}()
	select {
	case <-s.done:
		return errors.Join(fmt.Errorf("%s ended by itself: %v", s.name, s.err), s.complain())
	default:
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		s.cmd.Process.Kill()
		<-s.done
		return errors.Join(fmt.Errorf("%s did not end within 30 s of SIGTERM", s.name), s.complain())
	}
	if s.err != nil {
		return errors.Join(fmt.Errorf("%s: %w", s.name, s.err), s.complain())
	}
	return nil
}

// complain is the end of the program's log.
func (s *server) complain() error {
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return errors.New(strings.Join(lines[max(0, len(lines)-20):], "\n"))
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
