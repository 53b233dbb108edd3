package e2etest

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/simulator"
)

// Simulation is a simulated Twilio with people to call and models that hear them. Its webhooks reach whichever process of
// the server runs; while none does, they meet a connection that nobody takes.
type Simulation struct {
	*simulator.Simulator
	// Proxy leads the webhooks to the server.
	Proxy *e2e.Proxy
	// URL is the base of Twilio's API; with /v1, of the models'.
	URL string
	// Latency is how long each request takes before it is answered, set before the first.
	Latency time.Duration

	mu       sync.Mutex
	requests map[string]int
	open     int // requests that are not answered yet
	most     int // of them at once
	held     []*Held
	refused  map[string]int // what is answered with a status instead
}

// Held are requests that are not answered yet.
type Held struct {
	// Arrived yields a value for the first of them.
	Arrived chan struct{}
	// Release lets them pass, and all that come later.
	Release func()

	what, to string
	released chan struct{}
}

// What a server asks of Twilio and of the models, as [Simulation.Requests] counts it.
const (
	Dial          = "dial"
	Media         = "download of a recording"
	Transcription = "transcription"
	Completion    = "completion"
)

// NewSimulation opens a simulation. Account, tokens and the way to the server are its own, whatever config says.
func NewSimulation(t testing.TB, config simulator.Config) *Simulation {
	t.Helper()
	s := &Simulation{requests: map[string]int{}, refused: map[string]int{}, Proxy: e2e.NewProxy()}
	config.AccountSid, config.AuthToken, config.OpenAIKey = Account, Token, ModelsToken
	config.Transport, config.MarksDuplicates = s.Proxy, true
	var err error
	if s.Simulator, err = simulator.New(config); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.began(r.Context())()
		if status := s.receive(t, r); status != 0 {
			refuse(w, status, 20000+status, http.StatusText(status)) // as Twilio says it; models have no way that all share
			return
		}
		s.Simulator.ServeHTTP(w, r)
	}))
	s.URL = server.URL
	t.Cleanup(func() {
		for _, held := range s.held {
			held.Release()
		}
		_ = s.Simulator.Close()
		s.Proxy.Close()
		server.CloseClientConnections()
		server.Close()
	})
	return s
}

// Serve starts a server that calls people in this simulation, which closes after it.
func (s *Simulation) Serve(t testing.TB, settings Settings) *Server {
	t.Helper()
	return s.lead(Serve(t, s.Settings(settings)))
}

// ServeOther is Serve for another program of this module, which takes the same settings.
func (s *Simulation) ServeOther(t testing.TB, command string, settings Settings) *Server {
	t.Helper()
	return s.lead(serve(t, s.Settings(settings), binary(t, command)))
}

// Settings are settings with which a server or a command finds this simulation.
func (s *Simulation) Settings(settings Settings) Settings {
	return settings.With("TWILIO_API_URL", s.URL, "OPENAI_BASE_URL", s.URL+"/v1")
}

func (s *Simulation) lead(server *Server) *Server {
	s.Proxy.Servers = []func() string{server.URL}
	return server
}

// Requests counts what was asked of Twilio and of the models.
func (s *Simulation) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}

// MostAtOnce is how many requests were open at the same time at most.
func (s *Simulation) MostAtOnce() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// began counts an open request, lets the time pass that each takes, and returns what to do when it is answered.
func (s *Simulation) began(ctx context.Context) (answered func()) {
	s.mu.Lock()
	s.open++
	s.most = max(s.most, s.open)
	s.mu.Unlock()
	_ = e2e.Wait(ctx, s.Latency) // who asked may be gone
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
	}
}

// Hold keeps requests of a kind waiting, of dials only those to a number, until they are released or whoever asked is gone.
func (s *Simulation) Hold(what, to string) *Held {
	held := &Held{Arrived: make(chan struct{}, 1), what: what, to: to, released: make(chan struct{})}
	held.Release = sync.OnceFunc(func() { close(held.released) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, held)
	return held
}

// Refuse answers requests of a kind with an error's status, and does nothing of what they ask for, until accept is called.
func (s *Simulation) Refuse(what string, status int) (accept func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[what] = status
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.refused, what)
	}
}

// receive counts a request, and keeps it waiting if it is to be held. It returns the status to refuse it with, 0 for none.
func (s *Simulation) receive(t testing.TB, r *http.Request) (refused int) {
	what := ""
	switch path := r.URL.Path; {
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/Calls.json"):
		what = Dial
	case strings.Contains(path, "/Recordings/"):
		what = Media
	case strings.HasSuffix(path, "/audio/transcriptions"):
		what = Transcription
	case strings.HasSuffix(path, "/chat/completions"):
		what = Completion
	}
	s.mu.Lock()
	s.requests[what]++
	all, refused := slices.Clone(s.held), s.refused[what]
	s.mu.Unlock()
	for _, held := range all {
		if held.what != what {
			continue
		}
		if held.to != "" {
			form, err := e2e.FormOf(r)
			if err != nil {
				t.Errorf("%s: %v", r.URL.Path, err)
			}
			if form.Get("To") != held.to {
				continue
			}
		}
		select {
		case held.Arrived <- struct{}{}:
		default:
		}
		select {
		case <-held.released:
		case <-r.Context().Done():
		}
	}
	return refused
}

// AwaitSettled waits until all calls and runs are over, as long as the product may take; see [e2e.Settling]. Runs of the
// functions to be ignored may stay open, and calls may stay DIAL_UNKNOWN.
func (s *Simulation) AwaitSettled(t testing.TB, api API, ignored ...string) {
	t.Helper()
	left, err := s.settling(api, ignored).Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !left.Empty() {
		t.Fatalf("nothing happens any more: %s", left)
	}
}

func (s *Simulation) settling(api API, ignored []string) e2e.Settling {
	return e2e.Settling{API: api.Client, Twilio: s.Simulator, UnknownDials: true, Ignore: ignored}
}

// Settled reports whether all is over now, as AwaitSettled waits for it.
func (s *Simulation) Settled(ctx context.Context, api API, ignored ...string) (bool, error) {
	return s.settling(api, ignored).Now(ctx)
}

// Judge holds what the program says of the calls that were placed against what the simulator knows to be true, and so does
// [SecondOpinion]; what was lost or doubled fails the test. With claims, each person's words must come to those of [OneClaim].
// Of a call whose process died between its intent and Twilio's answer nobody can know whether it was placed: it may be
// DIAL_UNKNOWN as long as no phone rang.
func (s *Simulation) Judge(t testing.TB, api API, placed []e2e.Call, claims func(simulator.Truth) int) {
	t.Helper()
	ids := make([]string, len(placed))
	for n, call := range placed {
		ids[n] = call.ID
	}
	verdict, err := e2e.Judge{API: api.Client, Twilio: s.Simulator, UnknownDials: true, Events: true, Claims: claims}.Judge(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range verdict.Faults {
		t.Error(fault)
	}
	second, err := SecondOpinion(t.Context(), api.URL(), s.Deliveries(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range second {
		t.Error("second opinion: ", fault)
	}
}
