package app

import (
	"net/http"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/console"
)

// consoleJobsPath is where River's own pages are.
const consoleJobsPath = "/console/jobs"

// serveConsole serves the pages for operators, behind the admin token.
func (a *App) serveConsole(mux *http.ServeMux) error {
	var err error
	if a.console, err = console.NewJobs(consoleJobsPath, a.engine.UI(), a.log); err != nil {
		return err
	}
	protected := api.ProtectConsole(a.settings.AdminToken, a.console)
	mux.Handle(consoleJobsPath, protected)
	mux.Handle(consoleJobsPath+"/", protected)
	return nil
}
