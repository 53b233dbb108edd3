package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/twilio"
	"github.com/i-agent/iagent/internal/webhook"
)

// Simulator is a stand-in for Twilio's REST API and for the models, below /v1, that plays simulated interviews.
type Simulator interface {
	http.Handler
	io.Closer
}

// SimulatorConfig is what a simulator is made with.
type SimulatorConfig struct {
	// AccountSid and AuthToken are of an account that nobody else has.
	AccountSid, AuthToken string
	// OpenAIKey is what the models ask for.
	OpenAIKey string
	// Transport sends the webhooks to this server alone.
	Transport http.RoundTripper
	// Run is part of all SIDs.
	Run string
}

// simulation plays the simulated interviews of this process. Its account and the token of it are random and end with the
// process, so nobody else can sign a webhook of a simulated call, and its simulator can sign none of another call. The simulator
// is made when the first interview needs it, and listens on loopback.
type simulation struct {
	account, token, key string
	make                func(SimulatorConfig) (Simulator, error)
	deliver             http.RoundTripper

	mu      sync.Mutex
	url     string // "" while nobody needed it
	closers []func()
}

// simulatedWait is how long a run waits for the process whose simulator has its call, and simulatorAwait how long one is waited for.
const (
	simulatedWait  = time.Second
	simulatorAwait = 15 * time.Minute
)

var (
	errNoSimulator   = fault.New("this server has no simulator")
	errSimulatorGone = fault.New("the simulator of this call has ended")
)

// newSimulation is nil where no simulator can be made.
func newSimulation(make func(SimulatorConfig) (Simulator, error), deliver http.RoundTripper) *simulation {
	if make == nil {
		return nil
	}
	return &simulation{account: "AC" + randomHex(), token: randomHex(), key: randomHex(), make: make, deliver: deliver}
}

func randomHex() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// is reports whether an account is that of the simulator.
func (s *simulation) is(account string) bool { return s != nil && account == s.account }

// open starts the simulator when it does not run, and returns where it is.
func (s *simulation) open() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.url != "" {
		return s.url, nil
	}
	sim, err := s.make(SimulatorConfig{AccountSid: s.account, AuthToken: s.token, OpenAIKey: s.key, Transport: s.deliver, Run: s.account[2:]})
	if err != nil {
		return "", fmt.Errorf("making the simulator: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		_ = sim.Close()
		return "", fmt.Errorf("listening for the simulator: %w", err)
	}
	server := &http.Server{Handler: sim, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	s.closers = []func(){func() { _ = sim.Close() }, func() {
		_ = server.Close()
		<-served
	}}
	s.url = "http://" + listener.Addr().String()
	return s.url, nil
}

// close ends the simulator and the calls that it plays.
func (s *simulation) close() {
	s.mu.Lock()
	closers := s.closers
	s.closers, s.url = nil, ""
	s.mu.Unlock()
	for _, end := range closers {
		end()
	}
}

// clients speak to the simulator, wherever it will be: they find it when they send.
func (s *simulation) clients(userAgent string) (*twilio.Client, *openai.Client, error) {
	rest, err := twilio.New(twilio.Config{AccountSid: s.account, AuthToken: s.token, APIURL: simulatedURL, UserAgent: userAgent, Transport: s})
	if err != nil {
		return nil, nil, fmt.Errorf("speaking to the simulator: %w", err)
	}
	models, err := openai.New(openai.Config{APIKey: s.key, BaseURL: simulatedURL + "/v1", TranscribeModel: "simulated", ExtractModel: "simulated",
		UserAgent: userAgent, Transport: s})
	if err != nil {
		return nil, nil, fmt.Errorf("speaking to the simulated models: %w", err)
	}
	return rest, models, nil
}

// simulatedURL stands for the simulator. It leads nowhere, and to it alone a simulated call's requests are sent.
const simulatedURL = "http://simulator.invalid"

// RoundTrip sends a request to the simulator, whatever host it names.
func (s *simulation) RoundTrip(r *http.Request) (*http.Response, error) {
	at, err := s.open()
	if err != nil {
		return nil, err
	}
	return sendTo(r, strings.TrimPrefix(at, "http://"), loopbackOnly)
}

// loopbackOnly opens connections to this machine, and through no proxy.
var loopbackOnly = &http.Transport{IdleConnTimeout: 10 * time.Second, MaxIdleConnsPerHost: 8, DisableCompression: true}

// sendTo sends a request to another address than its URL names, which stays the Host.
func sendTo(r *http.Request, address string, over http.RoundTripper) (*http.Response, error) {
	sent := r.Clone(r.Context())
	sent.Host = cmp.Or(r.Host, r.URL.Host)
	at := *r.URL
	at.Scheme, at.Host = "http", address
	sent.URL = &at
	return over.RoundTrip(sent)
}

// toOurselves sends what is for the public URL to this process's own listener, as a proxy would.
type toOurselves struct{ app *App }

// RoundTrip sends a request.
func (t toOurselves) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.String(), t.app.settings.baseURL+"/") {
		return nil, fmt.Errorf("a simulated call has a webhook at %s, which is not this server", r.URL.Host)
	}
	address := t.app.listener.Addr().String()
	if host, port, err := net.SplitHostPort(address); err == nil && net.ParseIP(host).IsUnspecified() {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	return sendTo(r, address, loopbackOnly)
}

// verifiedAccounts are the further accounts and their tokens, with the simulator's.
func (a *App) verifiedAccounts() map[string][]string {
	accounts := map[string][]string{}
	for account, tokens := range a.settings.accountTokens {
		accounts[account] = tokens
	}
	if a.simulation != nil {
		accounts[a.simulation.account] = []string{a.simulation.token}
	}
	return accounts
}

// ownAccounts are those whose events are ours, nil for all.
func (a *App) ownAccounts() []string {
	if a.simulation == nil || len(a.settings.accounts) == 0 {
		return a.settings.accounts
	}
	return append(slices.Clone(a.settings.accounts), a.simulation.account)
}

// decideApart keeps simulated and real calls apart: a webhook of a simulated call is signed by the simulator, and one of
// another call is not.
func (a *App) decideApart(decide webhook.Decision) webhook.Decision {
	return func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error) {
		if event.Source == inbox.SourceWebhook && call.Simulated != a.simulation.is(event.Match.AccountSid) {
			return interview.Change{}, inbox.Reply{}, inbox.Refuse(http.StatusConflict, webhook.ReasonCallMismatch)
		}
		return decide(call, event)
	}
}

// apart runs a function for what is real with the clients of Twilio and the models, and for what is simulated with those of the
// simulator. atTwilio says that the function asks for what the simulator of one process has.
func (a *App) apart(real, simulated body, atTwilio bool) body {
	return func(ctx context.Context, run interview.Run) error {
		of, err := a.store.SimulationOf(ctx, run)
		switch {
		case err != nil:
			return err
		case !of.Simulated:
			return real(ctx, run)
		case simulated == nil:
			return jobs.Permanent(errNoSimulator)
		case atTwilio && of.Account != "" && !a.simulation.is(of.Account):
			if a.now().Sub(of.CreatedAt) > simulatorAwait {
				return jobs.Permanent(errSimulatorGone)
			}
			return jobs.Wait(a.now().Add(simulatedWait), "another server plays this simulated interview")
		}
		return simulated(ctx, run)
	}
}

// endLostSimulations ends simulated calls whose simulator is gone, until ctx ends.
func (a *App) endLostSimulations(ctx context.Context) error {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		ended, err := a.store.EndLostSimulations(ctx, a.now().Add(-simulatorAwait))
		switch {
		case err != nil && ctx.Err() == nil:
			a.log.Warn("ending simulated calls whose simulator is gone", slog.Any("error", err))
		case ended > 0:
			a.log.Info("simulated calls were ended: their simulator is gone", slog.Int("calls", ended))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
