package app

import (
	"net/http"
	"net/url"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/console"
)

// consoleJobsPath is where River's own pages are.
const consoleJobsPath = "/console/jobs"

// serveConsole serves the pages for people. River's pages name their own parts by the path that a browser sees, so they are
// asked with the path of the public URL before theirs.
func (a *App) serveConsole(mux *http.ServeMux, rest http.Handler) error {
	public := publicPath(a.settings.baseURL)
	if decoded, err := url.PathUnescape(public); err == nil {
		public = decoded
	}
	pages, err := console.New(console.Config{
		Store: a.store, API: api.Admit(rest), PublicURL: a.settings.baseURL, Prefix: public, Deadlines: a.settings.deadlines, Log: a.log, Simulations: a.simulation != nil, Now: a.options.Now,
		Access: console.Access{
			AdminToken: a.settings.AdminToken, ViewerToken: a.settings.ViewerToken,
			Local:      api.Local,
			SecureHost: secureHost(a.settings.baseURL),
		},
	})
	if err != nil {
		return err
	}
	a.pages = pages
	mux.Handle("/console", pages)
	mux.Handle("/console/", pages)
	if a.console, err = console.NewJobs(public+consoleJobsPath, a.engine.UI(), a.log); err != nil {
		return err
	}
	river := pages.AdminOnly(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen, at := *r.URL, r.WithContext(r.Context())
		seen.Path, seen.RawPath, at.URL = public+r.URL.Path, "", &seen
		a.console.ServeHTTP(w, at)
	}))
	mux.Handle(consoleJobsPath, river)
	mux.Handle(consoleJobsPath+"/", river)
	return nil
}

// secureHost is the host of a public base URL with https, "" of another.
func secureHost(baseURL string) string {
	if u, err := url.Parse(baseURL); err == nil && u.Scheme == "https" {
		return u.Host
	}
	return ""
}
