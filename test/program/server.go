package program

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/testserver/inngest"
)

const (
	// readyWithin bounds a start: migrations, on a slow machine.
	readyWithin = 90 * time.Second
	// stopWithin bounds a graceful stop, which promises 20 s for what is running and a few for the rest.
	stopWithin = 40 * time.Second
)

// Server is `iagent serve`: started, killed, started again, with the same settings and database. Each life listens on a
// port of its own choice.
type Server struct {
	API
	// Inngest calls the functions, where JOBS_ENGINE says so.
	Inngest *inngest.Local

	t        testing.TB
	settings Settings
	command  []string

	mu    sync.Mutex
	lives []*life
}

// life is one process of a server.
type life struct {
	cmd   *exec.Cmd
	log   *buffer
	ended chan struct{} // closed once the process is gone
	url   string        // "" before it is ready
}

// Serve starts a server and returns once it is ready, beside an Inngest of its own if it asks for one. It is killed at the
// test's end, and its log is shown if the test failed.
func Serve(t testing.TB, settings Settings) *Server {
	t.Helper()
	return start(t, settings, Binary(t), "serve")
}

func start(t testing.TB, settings Settings, command ...string) *Server {
	t.Helper()
	s := &Server{t: t, settings: settings, command: command}
	s.API = NewAPI(s.URL)
	if settings["JOBS_ENGINE"] == "inngest" {
		s.Inngest = NewInngest(t, s.URL)
		s.settings = settings.With(s.Inngest.Settings()...)
	}
	t.Cleanup(s.close)
	s.Start()
	return s
}

// Start starts the server again after its process has ended, and returns once it is ready.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

// Change changes the settings of the lives to come: name, value, name, value.
func (s *Server) Change(pairs ...string) { s.settings = s.settings.With(pairs...) }

// Restart is Start for those who are not the test's own goroutine.
func (s *Server) Restart() error { return s.start() }

func (s *Server) start() error {
	l := &life{log: &buffer{}, ended: make(chan struct{})}
	l.cmd = exec.Command(s.command[0], s.command[1:]...)
	l.cmd.Dir, l.cmd.Env = s.t.TempDir(), s.settings.environ()
	l.cmd.Stdout, l.cmd.Stderr = l.log, l.log
	if err := l.cmd.Start(); err != nil {
		return fmt.Errorf("starting iagent: %w", err)
	}
	go func() {
		_ = l.cmd.Wait()
		close(l.ended)
	}()
	s.mu.Lock()
	s.lives = append(s.lives, l)
	s.mu.Unlock()
	return s.awaitReady(l)
}

func (s *Server) awaitReady(l *life) error {
	deadline := time.NewTimer(readyWithin)
	defer deadline.Stop()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if url := listening(l.log.String()); url != "" && answers(url+"/readyz") {
			s.mu.Lock()
			defer s.mu.Unlock()
			l.url = url
			return nil
		}
		select {
		case <-l.ended:
			return fmt.Errorf("iagent ended before it was ready: %s\n%s", l.cmd.ProcessState, l.log)
		case <-deadline.C:
			return fmt.Errorf("iagent is not ready after %s\n%s", readyWithin, l.log)
		case <-ticker.C:
		}
	}
}

// listening finds the address that was served in a log of JSON lines; "" when it is not there yet.
func listening(log string) string {
	for line := range strings.Lines(log) {
		var entry struct{ Msg, Address string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving" && entry.Address != "" {
			return "http://" + entry.Address
		}
	}
	return ""
}

func answers(url string) bool {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode == http.StatusOK
}

// URL is where the current process listens; "" before it is ready and when it is gone.
func (s *Server) URL() string {
	l := s.current()
	if l == nil {
		return ""
	}
	select {
	case <-l.ended:
		return ""
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		return l.url
	}
}

// Log is what the current process wrote so far, or the last one if it is gone.
func (s *Server) Log() string { return s.current().log.String() }

// Kill9 kills the process as a crash would, and returns when it is gone.
func (s *Server) Kill9() {
	l := s.current()
	_ = l.cmd.Process.Kill()
	<-l.ended
}

// Term asks the process to stop, without waiting for it.
func (s *Server) Term() {
	s.t.Helper()
	s.Signal(syscall.SIGTERM)
}

// Signal sends a signal to the process, if it is still there.
func (s *Server) Signal(signal os.Signal) {
	s.t.Helper()
	if err := s.current().cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Fatalf("sending %s to iagent: %v", signal, err)
	}
}

// Ended returns the exit code of a process that is about to end.
func (s *Server) Ended() int {
	s.t.Helper()
	l := s.current()
	Receive(s.t, stopWithin, l.ended, "iagent to stop")
	return l.cmd.ProcessState.ExitCode()
}

// current is nil before the first start.
func (s *Server) current() *life {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lives) == 0 {
		return nil
	}
	return s.lives[len(s.lives)-1]
}

// close ends the last life and shows the logs of a test that failed. No life may have panicked, whatever the test itself
// was about.
func (s *Server) close() {
	if len(s.lives) == 0 {
		return
	}
	s.Kill9()
	for n, l := range s.lives {
		log := l.log.String()
		broken := strings.Contains(log, "panic: ")
		if broken {
			s.t.Errorf("life %d of the server panicked", n+1)
		}
		if broken || s.t.Failed() {
			s.t.Logf("life %d of the server wrote:\n%s", n+1, tail(log, 60))
		}
	}
}

// tail is the end of a log.
func tail(log string, lines int) string {
	all := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
