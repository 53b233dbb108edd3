package testserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	startTimeout = time.Minute
	stopTimeout  = 30 * time.Second
	pollEvery    = 20 * time.Millisecond
)

// server is what PostgreSQL and Redis have in common: a folder, a port, a
// process that comes and goes, and the watchdog that cleans up after us.
type server struct {
	name   string
	binary string
	args   func(port int) []string
	env    []string // besides that of every server
	ping   func(ctx context.Context) error
	gentle syscall.Signal // ends it after a clean shutdown
	hard   syscall.Signal // ends it at once, as a crash would

	dir  string
	port int
	as   *syscall.Credential // nil: ourselves
	dog  *watchdog

	mu   sync.Mutex
	proc *process // nil when stopped
}

// process is a server from a start to its end.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended
	err  error         // how it ended; to be read after done
}

// create makes the folder and its watchdog; nothing runs yet.
func (s *server) create() error {
	as, err := account()
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	s.as = as
	if s.dir, err = os.MkdirTemp(tempRoot(as), "iagent-test-"); err != nil {
		return err
	}
	if err := s.own(s.dir); err != nil {
		os.RemoveAll(s.dir)
		return err
	}
	if s.dog, err = startWatchdog(s.dir, s.hard, s.as); err != nil {
		os.RemoveAll(s.dir)
		return fmt.Errorf("%s: starting its watchdog: %w", s.name, err)
	}
	return nil
}

// firstStart chooses the port. Another program may take it between the choice
// and the start; then another one is tried.
func (s *server) firstStart(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		s.port = freePort()
		err := s.Start(ctx)
		if err == nil || attempt == 5 || ctx.Err() != nil || canListen(s.port) {
			return err
		}
	}
}

// Start starts the server again after Stop, on the same port and with the
// same data, and returns once it answers. A running server is left alone. The
// error quotes the end of the server's log.
func (s *server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil && s.proc.running() {
		return nil
	}
	if s.dog.isClosed() {
		return fmt.Errorf("%s: already closed", s.name)
	}
	if err := s.launch(); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.awaitReady(ctx); err != nil {
		log, _ := os.ReadFile(s.logFile())
		return errors.Join(fmt.Errorf("starting %s on port %d: %w\n%s", s.name, s.port, err, tail(log)), s.stop(s.hard))
	}
	return nil
}

// Stop ends the server and returns once it is gone: cleanly, with open
// connections cut (PostgreSQL's fast mode), or at once, as a crash would
// (immediate mode; Redis is killed). Stopping a stopped server does nothing.
func (s *server) Stop(immediate bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if immediate {
		return s.stop(s.hard)
	}
	return s.stop(s.gentle)
}

// Close ends the server for good and removes its files. It may be called
// twice.
func (s *server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.stop(s.hard)
	s.dog.close()
	return errors.Join(err, os.RemoveAll(s.dir))
}

// Addr is the server's host:port on loopback.
func (s *server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// Dir is the server's folder, removed by Close; its log is Dir/log.
func (s *server) Dir() string { return s.dir }

func (s *server) launch() error {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// Never our own stdout: go test waits until whoever holds it is gone.
	cmd := s.command(s.binary, s.args(s.port)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.dog.guard(cmd.Process.Pid)
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		s.dog.guard(0)
		close(p.done)
	}()
	s.proc = p
	return nil
}

func (s *server) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := s.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.proc.done:
			return fmt.Errorf("ended early: %w", s.proc.ended())
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}

func (s *server) stop(sig syscall.Signal) error {
	p := s.proc
	if p == nil || !p.running() {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", s.name, err)
	}
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-p.done:
		return nil
	case <-timeout.C:
		p.cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("stopping %s: killed, since it had not ended %v after %v", s.name, stopTimeout, sig)
	}
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func (p *process) ended() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// command runs a program in the server's folder and account, in a session of
// its own, so that an interrupt from the terminal reaches us alone, and
// without our environment, so that PGDATA and the like mean nothing.
func (s *server) command(binary string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "LC_ALL=C", "TZ=UTC"}
	if binary == s.binary {
		cmd.Env = append(cmd.Env, s.env...)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: s.as}
	return cmd
}

func (s *server) writeFile(path, content string) error {
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return err
	}
	return s.own(path)
}

func (s *server) own(path string) error {
	if s.as == nil {
		return nil
	}
	return os.Chown(path, int(s.as.Uid), int(s.as.Gid))
}

func (s *server) logFile() string { return filepath.Join(s.dir, "log") }

// output runs cmd to its end, and asks it to end early when ctx does: killing
// a package manager would leave the system half-installed.
func output(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Signal(syscall.SIGTERM) })
	err := cmd.Wait()
	if !stop() {
		err = errors.Join(ctx.Err(), err)
	}
	return out.Bytes(), err
}

// freePort stays below the ports that systems give to outgoing connections
// (32768 and up), so that nobody takes it while the server is stopped.
func freePort() int {
	for {
		if port := 20000 + rand.IntN(10000); canListen(port) {
			return port
		}
	}
}

func canListen(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}
