package console

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"riverqueue.com/riverui"
	"riverqueue.com/riverui/uiendpoints"

	"github.com/i-agent/iagent/internal/telemetry"
)

// Jobs are River's own web pages: queues and jobs, live. Of a job they show which run of the ledger it is for, and nothing
// about whom. Start them before they serve.
//
// What they can do to jobs is refused: the ledger decides what runs, and a job that was canceled or deleted behind its
// back would leave a run that waits for ever. Queues can be paused and resumed.
type Jobs struct {
	prefix string
	river  *riverui.Handler
}

// NewJobs returns the pages, to be served at prefix, such as /console/jobs, and below it.
func NewJobs(prefix string, endpoints uiendpoints.Bundle, log *slog.Logger) (*Jobs, error) {
	river, err := riverui.NewHandler(&riverui.HandlerOpts{Endpoints: endpoints, Prefix: prefix, Logger: telemetry.Warnings(log)})
	if err != nil {
		return nil, fmt.Errorf("opening River's pages: %w", err)
	}
	return &Jobs{prefix: prefix, river: river}, nil
}

// Start prepares what the pages count; it ends with ctx.
func (j *Jobs) Start(ctx context.Context) error { return j.river.Start(ctx) }

// contentPolicy lets the pages load what is theirs and nothing else, and nobody frame them. Their scripts set styles.
const contentPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ServeHTTP answers everything at the prefix and below it.
func (j *Jobs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", contentPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	path := strings.TrimPrefix(r.URL.Path, j.prefix)
	if strings.HasPrefix(path, "/api/") {
		header.Set("Cache-Control", "no-store")
	}
	if strings.HasPrefix(path, "/api/jobs") && r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`{"message":"The ledger decides what runs: see GET /api/runs and POST /api/runs/{id}/retry."}` + "\n"))
		return
	}
	j.river.ServeHTTP(w, r)
}
