package e2etest

import (
	"net/http"
	"strings"
	"sync"
)

// Models stands before the models and can hold requests for transcriptions back.
type Models struct {
	next  http.Handler
	heard chan struct{} // one for each request for a transcription

	mu       sync.Mutex
	holding  bool
	released chan struct{}
	requests int
}

// Hold keeps requests for transcriptions waiting from now on, until Release or until whoever asked is gone.
func (m *Models) Hold() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.holding {
		m.holding, m.released = true, make(chan struct{})
	}
}

// Release lets all requests pass.
func (m *Models) Release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.holding {
		m.holding = false
		close(m.released)
	}
}

// Heard yields a value for each request for a transcription, as it arrives.
func (m *Models) Heard() <-chan struct{} { return m.heard }

// Requests is how many transcriptions were asked for.
func (m *Models) Requests() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests
}

func (m *Models) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/audio/transcriptions") {
		m.mu.Lock()
		m.requests++
		holding, released := m.holding, m.released
		m.mu.Unlock()
		select {
		case m.heard <- struct{}{}:
		default:
		}
		if holding {
			select {
			case <-released:
			case <-r.Context().Done():
				return
			}
		}
	}
	m.next.ServeHTTP(w, r)
}
