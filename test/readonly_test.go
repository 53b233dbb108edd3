package test_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/testserver"
)

// TestReadOnlyPostgresNeedsNoRestart leaves the program with sessions that can only read, as a failover that
// keeps its sockets does. Webhooks are answered 500, so that Twilio sends them again, and the program says that it is not
// ready; once new sessions can write it goes on by itself, its functions too.
func TestReadOnlyPostgresNeedsNoRestart(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	server := e2etest.NewTwilio(t).Serve(t, e2etest.DefaultSettings(url))
	var lines []line
	for _, call := range server.Place(t, numbers(6)...) {
		lines = append(lines, dialled(t, server, "/api/webhooks/twilio/", call))
	}

	writable, err := testserver.MakeReadOnly(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		l.want(l.completed(), 500, `{"error":"Internal server error"}`)
	}
	ready := func() int {
		response, err := http.Get(server.URL() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	e2etest.Eventually(t, func() error { // what it found a moment ago may be told once more
		if got := ready(); got != http.StatusServiceUnavailable {
			return fmt.Errorf("/readyz is %d while nothing can be written", got)
		}
		return nil
	})

	if err := writable(t.Context()); err != nil {
		t.Fatal(err)
	}
	e2etest.Eventually(t, func() error {
		if got := ready(); got != http.StatusOK {
			return fmt.Errorf("/readyz is %d", got)
		}
		return nil
	})
	for _, l := range lines {
		l.want(l.completed(), 200, success)
		l.Status("COMPLETED")
	}
	nothingHalfWritten(t, url)
	dialled(t, server, "/api/webhooks/twilio/", server.Place(t, "+15550009999")[0])
}
