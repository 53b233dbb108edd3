package e2etest

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/testserver/inngest"
)

// Server is `iagent serve`: started, killed, started again, with the same settings and database. Each time it listens on a
// port of its own choice.
type Server struct {
	API
	*e2e.Process
	// Inngest calls the functions, where JOBS_ENGINE says so.
	Inngest *inngest.Local

	t        testing.TB
	settings Settings
}

// Serve starts a server and returns once it is ready, beside an Inngest of its own if it asks for one. It is killed at the
// test's end, and its log is shown if the test failed.
func Serve(t testing.TB, settings Settings) *Server {
	t.Helper()
	return serve(t, settings, Binary(t), "serve")
}

func serve(t testing.TB, settings Settings, command ...string) *Server {
	t.Helper()
	s := &Server{t: t, settings: settings, Process: &e2e.Process{Command: command, Dir: t.TempDir()}}
	s.API = newAPI(s.URL)
	if settings["JOBS_ENGINE"] == "inngest" {
		s.Inngest = NewInngest(t, s.URL)
		s.settings = settings.With(s.Inngest.Settings()...)
	}
	t.Cleanup(s.close)
	s.Start()
	return s
}

// NewInngest starts a self-hosted Inngest that ends with the test, with the URL of a server as its --sdk-url; at says where that
// answers, each time that it is asked for, and "" while there is none.
func NewInngest(t testing.TB, at func() string) *inngest.Local {
	i := inngest.Start(at)
	t.Cleanup(i.Close)
	return i
}

// Start starts the server again after its process has ended, and returns once it is ready.
func (s *Server) Start() {
	s.t.Helper()
	s.Env = s.settings.Environ()
	if err := s.Process.Start(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

// Change changes the settings for the starts to come: name, value, name, value.
func (s *Server) Change(pairs ...string) { s.settings = s.settings.With(pairs...) }

// Term asks the server to stop, without waiting for it.
func (s *Server) Term() {
	s.t.Helper()
	s.Signal(syscall.SIGTERM)
}

// Signal sends a signal to the server, if it is still there.
func (s *Server) Signal(signal os.Signal) {
	s.t.Helper()
	if err := s.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// Ended returns the exit code of a server that is about to end.
func (s *Server) Ended() int {
	s.t.Helper()
	exit, err := s.Process.Ended()
	if err != nil {
		s.t.Fatal(err)
	}
	return exit
}

// close ends the server and shows the logs of a test that failed. It may never have panicked, whatever the test was about.
func (s *Server) close() {
	s.Kill()
	panics := s.Panics()
	if panics > 0 {
		s.t.Errorf("the server panicked or raced %d times", panics)
	}
	for n, log := range s.Logs() {
		if panics > 0 || s.t.Failed() {
			lines := strings.Split(strings.TrimSpace(log), "\n")
			s.t.Logf("after start %d the server wrote:\n%s", n+1, strings.Join(lines[max(0, len(lines)-60):], "\n"))
		}
	}
}
