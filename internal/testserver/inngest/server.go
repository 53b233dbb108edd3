package inngest

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config is what a Server needs.
type Config struct {
	// AppURL is --sdk-url: where the functions are served, such as http://127.0.0.1:3000/api/inngest.
	AppURL string
	// Poll is how often the application is asked to register; 0 means every five seconds.
	Poll time.Duration
	// EventKey is in the path of whoever sends events, SigningKey signs what is sent to the functions.
	EventKey, SigningKey string
	// Now is the clock that retries go by; nil means time.Now. Signatures go by the real one.
	Now func() time.Time
	// Backoff is the pause after a first attempt that named none, and the measure of those that follow; 0 means 15 s.
	Backoff time.Duration
	// Lose, when set, is asked about every event that is accepted: it is lost when the answer is true.
	Lose func(Event) bool
}

// Server is an Inngest for one application. It is an http.Handler that takes events and registrations; Run makes it call the
// functions.
type Server struct {
	config    Config
	transport *http.Transport

	mu     sync.Mutex
	app    *application // nil before it is registered
	events []Event
	runs   []*run
	wake   chan struct{}
}

// Event is what was sent.
type Event struct {
	ID   string         `json:"id"`
	Name string         `json:"name"`
	Data map[string]any `json:"data"`
	TS   int64          `json:"ts"`
}

// dedupFor is how long the id of an event is remembered. Inngest: Handling idempotency.
const dedupFor = 24 * time.Hour

// serverKind is what the self-hosted server says it is.
const serverKind = "cloud"

// New returns a server that knows no function yet.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Backoff, c.Poll = cmp.Or(c.Backoff, pauses[0]), cmp.Or(c.Poll, 5*time.Second)
	return &Server{config: c, transport: &http.Transport{MaxIdleConnsPerHost: 32}, wake: make(chan struct{}, 1)}
}

// ServeHTTP takes events, POST /e/{key}, one or a list, and registrations, POST /fn/register.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, isEvent := strings.CutPrefix(r.URL.Path, "/e/")
	switch {
	case r.Method == http.MethodPost && isEvent:
		s.receive(w, r, key)
	case r.Method == http.MethodPost && r.URL.Path == "/fn/register":
		s.register(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) receive(w http.ResponseWriter, r *http.Request, key string) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if key != s.config.EventKey {
		reply(w, http.StatusUnauthorized, map[string]any{"error": "Event key not found", "status": 401})
		return
	}
	var events []Event
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		body = fmt.Appendf(nil, "[%s]", body)
	}
	if err := json.Unmarshal(body, &events); err != nil {
		reply(w, http.StatusBadRequest, map[string]any{"error": err.Error(), "status": 400})
		return
	}
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = s.accept(e)
	}
	reply(w, http.StatusOK, map[string]any{"ids": ids, "status": 200})
}

// accept starts what an event triggers, and returns its id.
func (s *Server) accept(e Event) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now()
	e.ID = cmp.Or(e.ID, rand.Text())
	e.TS = cmp.Or(e.TS, now.UnixMilli())
	if !slices.ContainsFunc(s.events, func(before Event) bool { return before.ID == e.ID }) {
		s.events = append(s.events, e)
	}
	if s.app == nil || s.config.Lose != nil && s.config.Lose(e) {
		return e.ID
	}
	for _, f := range s.app.Functions {
		if f.triggeredBy(e.Name) && f.isNew(e.ID, now) {
			s.runs = append(s.runs, &run{id: rand.Text(), function: f, event: e, due: now, steps: map[string]json.RawMessage{}})
		}
	}
	s.poke()
	return e.ID
}

// Events are those that came, without duplicates, in their order.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Event(nil), s.events...)
}

// Close releases idle connections.
func (s *Server) Close() { s.transport.CloseIdleConnections() }

// poke has Run look again.
func (s *Server) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
