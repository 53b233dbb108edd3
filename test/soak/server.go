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
	"sync"
	"time"
)

// server is `iagent serve` on a port of its own: started, killed, started again.
type server struct {
	binary, address string
	env             []string // where it listens, and before its start the run's
	log             *os.File

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{}
}

// readyWithin bounds a start on a busy machine.
const readyWithin = time.Minute

// newServer takes a port; nothing runs yet.
func newServer(binary, folder string, n int) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	address := l.Addr().String()
	_, port, _ := strings.Cut(address, ":")
	log, err := os.Create(filepath.Join(folder, fmt.Sprintf("server-%d.log", n)))
	if err != nil {
		return nil, err
	}
	return &server{binary: binary, address: address, env: []string{"HOST=127.0.0.1", "PORT=" + port}, log: log}, nil
}

// start returns once the server is ready.
func (s *server) start(ctx context.Context) error {
	cmd := exec.Command(s.binary, "serve")
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, s.log, s.log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting iagent: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	s.mu.Lock()
	s.cmd, s.ended = cmd, ended
	s.mu.Unlock()
	return s.awaitReady(ctx, ended)
}

func (s *server) awaitReady(ctx context.Context, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyWithin, errors.New("not ready within "+readyWithin.String()))
	defer cancel()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/readyz", nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ended:
			return fmt.Errorf("iagent ended by itself: %s", s.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("starting iagent: %w: %s", context.Cause(ctx), s.lastWords())
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// kill ends the process as a crash would.
func (s *server) kill() {
	s.mu.Lock()
	cmd, ended := s.cmd, s.ended
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Kill()
	<-ended
}

// alive reports whether the process runs.
func (s *server) alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return false
	}
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

// restart starts a server that was killed; while its database is away it tries again.
func (s *server) restart(ctx context.Context) error {
	var err error
	for range 20 {
		if err = s.start(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		s.kill()
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return err
}

// panics counts the lives that ended with words of the runtime's own.
func (s *server) panics() int {
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return 0
	}
	return strings.Count("\n"+string(text), "\npanic: ") + strings.Count(string(text), "WARNING: DATA RACE")
}

func (s *server) lastWords() string {
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

func (s *server) close() {
	s.kill()
	_ = s.log.Close()
}
