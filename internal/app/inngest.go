package app

import (
	"net/http"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/jobs"
)

// inngestPath is where Inngest calls the functions.
const inngestPath = "/api/inngest"

// serveInngest serves the functions to Inngest, when it runs them.
func (a *App) serveInngest(mux *http.ServeMux) {
	handler := a.engine.Inngest()
	if handler == nil {
		return
	}
	if a.settings.inngest.Dev {
		// A development server signs nothing, so nobody else may speak.
		handler = api.Protect("", handler)
	}
	mux.Handle(inngestPath, handler)
}

// inngestConfig is nil on River.
func (a *App) inngestConfig() *jobs.InngestConfig {
	if a.settings.inngest == nil {
		return nil
	}
	c := *a.settings.inngest
	c.OnState = a.telemetry.InngestRegistered
	return &c
}
