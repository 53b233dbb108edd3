package test_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testdb"
)

// TestStoppingServerIsNotReadyAndStillAnswers stops a server with SHUTDOWN_DELAY: a load balancer sees at once that it is not ready,
// and what is sent to it before it does is answered as ever.
func TestStoppingServerIsNotReadyAndStillAnswers(t *testing.T) {
	t.Parallel()
	server := e2etest.Serve(t, e2etest.DefaultSettings("sqlite:"+testdb.SQLite(t)).With("SHUTDOWN_DELAY", "8s"))
	url := server.URL()
	check := func(want int) {
		t.Helper()
		_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
		if got := e2etest.Run(t, e2etest.Settings{"HOST": "0.0.0.0", "PORT": port}, "serve", "--check"); got.Exit != want {
			t.Errorf("serve --check ended with %d, not %d: %s", got.Exit, want, got.Stderr)
		}
	}
	check(0)
	server.Term()
	e2etest.Eventually(t, func() error {
		response, err := http.Get(url + "/readyz")
		if err != nil {
			t.Fatalf("the server is gone: %v", err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusServiceUnavailable {
			return fmt.Errorf("/readyz is %s", response.Status)
		}
		return nil
	})
	check(1)
	made := line{server, t, "/api/webhooks/v1/twilio/", "01JUNKNOWN", "CA00000000000000000000000000000001"}
	made.want(made.webhook("status", "CallStatus", "ringing"), http.StatusNotFound, `{"error":"Call not found"}`)
	response, err := http.Get(url + "/healthz")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the server is not alive: %v", err)
	}
	_ = response.Body.Close()
	if !response.Close {
		t.Error("the connection is kept for more requests")
	}
	if exit := server.Ended(); exit != 0 {
		t.Errorf("exit code %d", exit)
	}
}
