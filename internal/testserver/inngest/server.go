package inngest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Config is what a Server needs.
type Config struct {
	// AppURL is where the functions are served, such as http://127.0.0.1:3000/api/inngest.
	AppURL string
	// EventKey is in the path of whoever sends events, SigningKey signs what is sent to the functions.
	EventKey, SigningKey string
	// Now is the clock that throttles and retries go by; nil means time.Now. Signatures go by the real one.
	Now func() time.Time
	// Backoff is the pause before a retry that names no time; 0 means 100 ms.
	Backoff time.Duration
	// Lose, when set, is asked about every event that is accepted: it is lost when the answer is true.
	Lose func(Event) bool
}

// Server is an Inngest for one application. It is an http.Handler that takes events; Run makes it call the functions.
type Server struct {
	config    Config
	transport *http.Transport

	mu        sync.Mutex
	functions []*function          // nil before the first Sync
	early     []Event              // came before that, and wait for it
	seen      map[string]time.Time // ids of the last day
	events    []Event
	runs      []*run
	wake      chan struct{}
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

// New returns a server that knows no function yet; see Sync.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Backoff = cmp.Or(c.Backoff, 100*time.Millisecond)
	return &Server{config: c, transport: &http.Transport{MaxIdleConnsPerHost: 32}, seen: map[string]time.Time{}, wake: make(chan struct{}, 1)}
}

// ServeHTTP takes events: POST /e/{key}, one or a list.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, ok := strings.CutPrefix(r.URL.Path, "/e/")
	if !ok || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
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

// accept starts what an event triggers, once, and returns its id.
func (s *Server) accept(e Event) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now()
	e.ID = cmp.Or(e.ID, rand.Text())
	e.TS = cmp.Or(e.TS, now.UnixMilli())
	if at, ok := s.seen[e.ID]; ok && now.Sub(at) < dedupFor {
		return e.ID
	}
	s.seen[e.ID] = now
	s.events = append(s.events, e)
	if s.config.Lose != nil && s.config.Lose(e) {
		return e.ID
	}
	if s.functions == nil {
		s.early = append(s.early, e)
		return e.ID
	}
	s.trigger(e, now)
	return e.ID
}

// trigger starts the functions that wait for an event.
func (s *Server) trigger(e Event, now time.Time) {
	for _, f := range s.functions {
		if f.triggeredBy(e.Name) {
			s.runs = append(s.runs, &run{id: rand.Text(), function: f, event: e, due: now, steps: map[string]json.RawMessage{}})
		}
	}
	s.poke()
}

// Events are those that were accepted, without duplicates, in their order.
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

// Sync asks the application for its functions, as Inngest does after a deployment, and checks who answers.
func (s *Server) Sync(ctx context.Context) error {
	body := canonical(map[string]any{"url": s.config.AppURL})
	answer, err := s.send(ctx, http.MethodPut, s.config.AppURL, body)
	if err != nil {
		return err
	}
	if answer.status != http.StatusOK {
		return fmt.Errorf("sync was answered %d: %s", answer.status, answer.body)
	}
	if err := verify(s.config.SigningKey, answer.header.Get(signatureHeader), bytes.TrimSuffix(answer.body, []byte("\n"))); err != nil {
		return fmt.Errorf("answer to sync: %w", err)
	}
	var synced struct {
		AppID     string      `json:"app_id"`
		Functions []*function `json:"functions"`
	}
	if err := json.Unmarshal(answer.body, &synced); err != nil {
		return fmt.Errorf("answer to sync: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.functions = append([]*function{}, synced.Functions...)
	for _, e := range s.early {
		s.trigger(e, s.config.Now())
	}
	s.early = nil
	return nil
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
