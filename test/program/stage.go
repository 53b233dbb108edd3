package program

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/i-agent/iagent/simulator"
)

// Stage is a simulated Twilio with people to call and models that hear them. Its webhooks reach whichever process of
// the server lives; while none does, they meet a connection that nobody takes.
type Stage struct {
	*simulator.Simulator
	// Models stands between the server and the models.
	Models *Models

	// URL is the base of Twilio's API; with /v1, of the models'.
	URL string

	mu       sync.Mutex
	at       func() string // where webhooks go
	requests map[string]int
}

// What a server asks of Twilio and of the models, as [Stage.Requests] counts it.
const (
	Dial          = "dial"
	Media         = "download of a recording"
	Transcription = "transcription"
	Completion    = "completion"
)

// NewStage opens a stage. Account, tokens and the way to the server are its own, whatever config says.
func NewStage(t testing.TB, config simulator.Config) *Stage {
	t.Helper()
	stage := &Stage{requests: map[string]int{}}
	config.AccountSid, config.AuthToken, config.OpenAIKey = Account, Token, ModelsToken
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	config.Transport = rerouted{transport, stage}
	var err error
	if stage.Simulator, err = simulator.New(config); err != nil {
		t.Fatal(err)
	}
	stage.Models = &Models{next: stage.Simulator, heard: make(chan struct{}, 1024), released: make(chan struct{})}
	mux := http.NewServeMux()
	mux.Handle("/v1/", stage.Models)
	mux.Handle("/", stage.Simulator)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stage.count(r)
		mux.ServeHTTP(w, r)
	}))
	stage.URL = server.URL
	t.Cleanup(func() {
		stage.Models.Release()
		_ = stage.Simulator.Close()
		transport.CloseIdleConnections()
		server.CloseClientConnections()
		server.Close()
	})
	return stage
}

// Serve starts a server on this stage. The stage closes after it.
func (st *Stage) Serve(t testing.TB, settings Settings) *Server {
	t.Helper()
	server := Serve(t, settings.With("TWILIO_API_URL", st.URL, "OPENAI_BASE_URL", st.URL+"/v1"))
	st.Lead(server.URL)
	return server
}

// ServeOther is Serve for another program of this module, which takes the same settings.
func (st *Stage) ServeOther(t testing.TB, command string, settings Settings) *Server {
	t.Helper()
	server := start(t, settings.With("TWILIO_API_URL", st.URL, "OPENAI_BASE_URL", st.URL+"/v1"), binary(t, command))
	st.Lead(server.URL)
	return server
}

// Requests counts what was asked of Twilio and of the models.
func (st *Stage) Requests() map[string]int {
	st.mu.Lock()
	defer st.mu.Unlock()
	return maps.Clone(st.requests)
}

func (st *Stage) count(r *http.Request) {
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
	st.mu.Lock()
	defer st.mu.Unlock()
	st.requests[what]++
}

// Lead sends all further webhooks to where at says; "" is nowhere.
func (st *Stage) Lead(at func() string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.at = at
}

// rerouted leads the public URL to the process that lives, as a load balancer would: the request stays as it was signed.
type rerouted struct {
	*http.Transport
	stage *Stage
}

func (r rerouted) RoundTrip(request *http.Request) (*http.Response, error) {
	if "https://"+request.URL.Host != PublicURL {
		return r.Transport.RoundTrip(request)
	}
	r.stage.mu.Lock()
	at := r.stage.at
	r.stage.mu.Unlock()
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host = "http", "127.0.0.1:1"
	if at != nil {
		if address := strings.TrimPrefix(at(), "http://"); address != "" {
			request.URL.Host = address
		}
	}
	return r.Transport.RoundTrip(request)
}

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
