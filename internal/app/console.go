package app

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/console"
	"github.com/i-agent/iagent/internal/interview"
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
	hooks := a.webhooks()
	pages, err := console.New(console.Config{
		Resign: a.resign, RejectedHash: a.rejections.Hash,
		Script: func(s interview.Script) ([]interview.ScriptReply, error) {
			return hooks.Preview(interview.Version(a.settings.dialVersion()), s)
		},
		Store: a.store, API: api.Admit(rest), PublicURL: a.settings.baseURL, Prefix: public, Deadlines: a.settings.deadlines, Log: a.log, Simulations: a.simulation != nil, Now: a.options.Now,
		Recordings: a.recordings(),
		TokenNames: a.settings.tokenNames(),
		Health:     a.health, About: a.aboutConsole, Checks: a.consoleChecks, RedisSet: a.settings.RedisURL != "",
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
	mux.Handle("GET /favicon.ico", pages)
	mux.Handle("/console/", pages)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept"), "text/html") { // no browser: it may be Twilio, with a URL that lacks its path
			a.exceptWebhooks(rest).ServeHTTP(w, r)
			return
		}
		http.Redirect(w, r, public+"/console", http.StatusSeeOther)
	})
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

// aboutConsole is what this process is and how it is set.
func (a *App) aboutConsole() []console.Fact {
	p := a.settings.periods
	return []console.Fact{
		{Name: "Version of this program", Value: cmp.Or(a.options.Version, "not known")},
		{Name: "Version of the webhooks for new calls", Value: a.settings.dialVersion()},
		{Name: "Shadow version, which is only compared", Value: cmp.Or(a.settings.ShadowVersion, "none")},
		{Name: "Functions run on", Value: a.settings.JobsEngine},
		{Name: "Payloads are kept for", Value: console.Duration(p.Payloads)},
		{Name: "Event ids are kept for", Value: console.Duration(p.IDs)},
		{Name: "Rejections are kept for", Value: console.Duration(p.Rejections)},
		{Name: "The audit log is kept for", Value: console.Duration(p.Audit)},
	}
}

// secureHost is the host of a public base URL with https, "" of another.
func secureHost(baseURL string) string {
	if u, err := url.Parse(baseURL); err == nil && u.Scheme == "https" {
		return u.Host
	}
	return ""
}
