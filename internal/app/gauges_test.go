package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/testdb"
)

// TestMetricsAreServedWithoutTheDatabase takes the database away: what was read from it is no longer shown, and everything else
// is.
func TestMetricsAreServedWithoutTheDatabase(t *testing.T) {
	c := complete()
	c.DatabaseURL, c.Port = "sqlite:"+testdb.SQLite(t), "0"
	a, err := Open(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	metrics := func() string {
		t.Helper()
		w := httptest.NewRecorder()
		a.telemetry.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if w.Code != http.StatusOK {
			t.Fatalf("GET /metrics: %d", w.Code)
		}
		return w.Body.String()
	}
	var cursor store.GaugeCursor
	a.readGaugesOnce(t.Context(), &cursor)
	for _, line := range []string{
		"iagent_database_up 1", "iagent_backlog_age_seconds 0", "iagent_reconciler_lag_seconds 0", `iagent_runs_dead{function="validate-claim"} 0`,
		`iagent_calls_open{status="RINGING"} 0`, `iagent_queue_jobs{queue="orchestrate-call",state="available"} 0`,
		`iagent_webhooks_total{kind="answer",outcome="failed"} 0`, `iagent_pruned_total{what="rejections"} 0`, `iagent_pruned_total{what="events"} 0`,
	} {
		if !strings.Contains(metrics(), "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if strings.Contains(metrics(), "iagent_redis_up") {
		t.Error("without REDIS_URL there is a series of Redis")
	}
	a.store.Close()
	a.readGaugesOnce(t.Context(), &cursor)
	text := metrics()
	if !strings.Contains(text, "\niagent_database_up 0\n") || !strings.Contains(text, "\niagent_calls_total{") {
		t.Errorf("without the database:\n%s", text)
	}
	for _, gauge := range []string{"iagent_backlog_age_seconds", "iagent_runs_dead", "iagent_calls_open", "iagent_queue_jobs", "iagent_reconciler_lag_seconds"} {
		if strings.Contains(text, "\n"+gauge) {
			t.Errorf("%s is shown without the database", gauge)
		}
	}
}
