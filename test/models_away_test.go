package test_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/simulator"
)

// TestOutageOfTheModelServerNeedsNobody has recordings arrive while nobody listens where the model server should be, which then
// answers 503, and then works. Every recording is transcribed and its claims are extracted without anybody's doing; no run is dead.
func TestOutageOfTheModelServerNeedsNobody(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		settings := e2etest.DefaultSettings(databaseURL)
		twilio := e2etest.NewSimulation(t, simulator.Config{Seed: 13, Model: e2etest.OneClaim, Speed: 400,
			Pick: func(string, int) simulator.Script {
				return simulator.Consents(simulator.Answer{Say: "It costs 2 dollars and 49 cents."})
			}})
		models := newModels(t, twilio)
		server := e2etest.Serve(t, twilio.Settings(settings).With("OPENAI_BASE_URL", "http://"+models.address+"/v1"))
		twilio.Proxy.Servers = []func() string{server.URL}
		calls := server.Place(t, numbers(3)...)
		failing := func(of string) {
			t.Helper()
			e2etest.Eventually(t, func() error {
				runs, err := server.Runs(t.Context(), "waiting")
				tried := 0
				for _, run := range runs {
					if run.Function == of && run.LastError != nil && run.Attempts > 0 {
						tried++
					}
				}
				if err == nil && tried < len(calls) {
					err = fmt.Errorf("%d of %d runs of %s have failed: %v", tried, len(calls), of, runs)
				}
				return err
			})
		}
		failing("transcribe-recording")
		models.status.Store(http.StatusServiceUnavailable)
		models.listen(t)
		e2etest.Eventually(t, func() error {
			if n := models.refused.Load(); n < int64(len(calls)) {
				return fmt.Errorf("%d requests were answered 503", n)
			}
			return nil
		})
		models.status.Store(0)
		twilio.AwaitSettled(t, server.API, "validate-claim")
		twilio.Judge(t, server.API, calls, e2etest.OneClaimEach)
		if dead, err := server.Runs(t.Context(), "failed"); err != nil || len(dead) > 0 {
			t.Errorf("dead runs: %v, %v", dead, err)
		}
		e2etest.Verified(t, settings)
	})
}

// models stands before a simulation's models, or nowhere.
type models struct {
	address string
	handler http.Handler
	status  atomic.Int64 // what everything is answered with, 0 for what the models say
	refused atomic.Int64
}

// newModels returns models at an address where nobody listens.
func newModels(t *testing.T, twilio *e2etest.Simulation) *models {
	t.Helper()
	address, err := e2e.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return &models{address: address, handler: twilio.Simulator}
}

// listen ends the outage, as far as the network is concerned.
func (m *models) listen(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", m.address)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(m)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
}

func (m *models) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status := int(m.status.Load()); status != 0 {
		m.refused.Add(1)
		http.Error(w, http.StatusText(status), status)
		return
	}
	m.handler.ServeHTTP(w, r)
}
