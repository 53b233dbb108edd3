package twilio_test

import (
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/i-agent/iagent/internal/twilio"
)

// timedServer counts the requests that arrive, whole or in part.
func timedServer(t *testing.T, start func(http.Handler) *httptest.Server) (*twilio.Client, *atomic.Int32, func()) {
	t.Helper()
	var requests atomic.Int32
	server := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		saying(201, "application/json", row(nil))(w, r)
	}))
	client := newClient(t, server.URL)
	if server.Certificate() != nil {
		roots := x509.NewCertPool()
		roots.AddCert(server.Certificate())
		client.Trust(roots)
	}
	return client, &requests, server.Close
}

// The time may be over at any of the moments at which it is asked for: before the connection, after it, while TLS is set
// up, immediately before the request.
func TestCallIsNotSentAfterItsTime(t *testing.T) {
	for name, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			for moment := int32(1); ; moment++ {
				client, requests, stop := timedServer(t, start)
				var asked atomic.Int32
				timed := call
				timed.Late = func() bool { return asked.Add(1) >= moment }
				placed, err := client.CreateCall(t.Context(), timed)
				stop() // waits for the handlers
				// The last moments are after the request: when the connection is closed, and then none.
				if err == nil {
					if placed.SentAt.IsZero() || requests.Load() != 1 || moment < 3 {
						t.Errorf("in time until the %d. moment: %+v, %d requests", moment, placed, requests.Load())
					}
					return
				}
				if e := failure(t, err); !e.NotSent() || !errors.Is(err, twilio.ErrTooLate) || requests.Load() != 0 {
					t.Errorf("late at the %d. moment: %v, %d requests", moment, err, requests.Load())
				}
			}
		})
	}
}
