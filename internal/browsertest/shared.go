package browsertest

import (
	"errors"
	"sync"
	"testing"
)

// Shared is a browser for all tests of a package: to start one takes longer than most tests do. A test's tabs have cookies of their
// own and end with the test. The zero value is ready; TestMain calls Close.
type Shared struct {
	mu   sync.Mutex
	host *outside
	open func(t testing.TB, look Look) *Tab
}

// Start starts the browser for the first test that asks for it.
func (s *Shared) Start(t testing.TB) (open func(t testing.TB, look Look) *Tab) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		host := &outside{}
		_ = host.stopping(func() error {
			s.open = Start(host)
			return nil
		})
		if s.open == nil {
			host.end()
			t.Fatal(errors.Join(host.faults...))
		}
		s.host = host
	}
	return s.open
}

// Close ends the browser, if there is one.
func (s *Shared) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.host != nil {
		s.host.end()
	}
	s.host, s.open = nil, nil
}
