package twilio_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/twilio"
)

// The connection is taken only after the request's time is over.
func TestCallIsNotSentAfterItsTime(t *testing.T) {
	for name, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			var handled atomic.Int32
			server := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if body, err := io.ReadAll(r.Body); err == nil && len(body) > 0 {
					handled.Add(1)
				}
			}))
			defer server.Close()
			var asked atomic.Int32
			timed := call
			timed.Late = func() bool { asked.Add(1); return true }
			config := twilio.Config{AccountSid: account, AuthToken: token, APIURL: server.URL}
			if name == "https" {
				config.Transport = server.Client().Transport
			}
			client, err := twilio.New(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.CreateCall(t.Context(), timed)
			if e := failure(t, err); !e.NotSent() || !errors.Is(err, twilio.ErrTooLate) || asked.Load() == 0 {
				t.Errorf("%v, asked %d times", err, asked.Load())
			}
			server.Close() // waits for the handlers
			if handled.Load() != 0 {
				t.Error("a whole request arrived")
			}
		})
	}
}

func TestTimeIsAskedForWhenTheConnectionStands(t *testing.T) {
	connected := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		saying(201, "application/json", row(nil))(w, nil)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			close(connected)
		}
	}
	server.Start()
	defer server.Close()
	timed := call
	timed.Late = func() bool {
		select {
		case <-connected:
		case <-time.After(10 * time.Second):
			t.Error("asked before the connection stood")
		}
		return false
	}
	placed, err := newClient(t, server.URL).CreateCall(t.Context(), timed)
	if err != nil || placed.SentAt.IsZero() {
		t.Errorf("%+v, %v", placed, err)
	}
}
