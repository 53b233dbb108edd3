package app

import (
	"net/http"
	"net/url"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/console"
)

// consoleJobsPath is where River's own pages are.
const consoleJobsPath = "/console/jobs"

// serveConsole serves the pages for operators, behind the admin token. River's pages name their own parts by the path that a
// browser sees, so they are asked with the path of the public URL before theirs.
func (a *App) serveConsole(mux *http.ServeMux) error {
	public := publicPath(a.settings.baseURL)
	if decoded, err := url.PathUnescape(public); err == nil {
		public = decoded
	}
	var err error
	if a.console, err = console.NewJobs(public+consoleJobsPath, a.engine.UI(), a.log); err != nil {
		return err
	}
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen, at := *r.URL, r.WithContext(r.Context())
		seen.Path, seen.RawPath, at.URL = public+r.URL.Path, "", &seen
		a.console.ServeHTTP(w, at)
	})
	protected := api.ProtectConsole(a.settings.AdminToken, pages)
	mux.Handle(consoleJobsPath, protected)
	mux.Handle(consoleJobsPath+"/", protected)
	return nil
}
