package console

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/i-agent/iagent/internal/health"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// Config is what the pages need.
type Config struct {
	// Store is the open database.
	Store *store.Store
	// API does what the pages ask for: the API, which asks for no token here. A page can do nothing else, and not otherwise.
	API http.Handler
	// PublicURL is the public base URL, for the requests that pages show; "" is written as $APP_URL.
	PublicURL string
	// Recordings has the audio of recordings; nil where there is none.
	Recordings Recordings
	// Prefix is the path before /console that a browser sees: the path of the public URL, such as "/calls", or "".
	Prefix string
	// Access says who may see what; see [Access].
	Access Access
	// Resign is a command line that sends a stored webhook again, signed anew; nil where there is no token to sign with.
	Resign func(store.WebhookDetail) (string, error)
	// RejectedHash is the keyed hash by which a value is kept of a refused request; nil where nothing is refused.
	RejectedHash func(value string) string
	// Script returns what calls with a script are answered; nil shows no scripts.
	Script func(interview.Script) ([]interview.ScriptReply, error)
	// Deadlines say what is overdue; the zero value means interview.DefaultDeadlines.
	Deadlines interview.Deadlines
	// Health has what is measured for the strip and the page of health; nil leaves the strip out.
	Health *health.Recorder
	// About says what this process is and how it is set, Checks what its cheap checks found, and when; nil says nothing. Neither waits for
	// anybody.
	About  func() []Fact
	Checks func() []Check
	// RedisSet says that REDIS_URL is set: several processes share their limits.
	RedisSet bool
	// TokenNames are the settings that have Twilio's auth tokens, by the tokens' fingerprints.
	TokenNames map[string]string
	// Simulations says that this server can play simulated interviews.
	Simulations bool
	// Log takes faults; nil means slog.Default().
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Console is the pages for people. It answers everything at /console and below it, and /favicon.ico, but River's pages, which [Jobs] are.
type Console struct {
	store      *store.Store
	api        http.Handler
	publicURL  string
	prefix     string
	tokenNames map[string]string // see Config
	access     *access
	assets     *assets
	spoken     func(interview.Script) ([]interview.ScriptReply, error)
	deadlines  interview.Deadlines
	health     *health.Recorder
	about      func() []Fact
	checks     func() []Check
	redisSet   bool
	log        *slog.Logger
	now        func() time.Time
	live       *live
	handler    http.Handler

	callerIDCounts callerIDCounts
	// recordings may be nil; listening ends when the server stops.
	recordings   Recordings
	listening    context.Context
	endListening context.CancelFunc

	resign       func(store.WebhookDetail) (string, error)
	rejectedHash func(value string) string
	// pages knows which pages there are.
	pages *http.ServeMux
	// simulations says that simulated interviews are offered.
	simulations bool
	// patterns are those of the pages and actions.
	patterns []string
}

// Patterns are those of all pages and actions, as http.ServeMux takes them.
func (c *Console) Patterns() []string { return slices.Clone(c.patterns) }

// New returns the pages.
func New(config Config) (*Console, error) {
	loaded, err := loadAssets()
	if err != nil {
		return nil, err
	}
	c := &Console{
		store: config.Store, api: config.API, publicURL: cmp.Or(strings.TrimRight(config.PublicURL, "/"), "$APP_URL"), prefix: strings.TrimRight(config.Prefix, "/"), assets: loaded,
		recordings: config.Recordings, spoken: config.Script, deadlines: config.Deadlines, log: cmp.Or(config.Log, slog.Default()), now: config.Now,
		resign: config.Resign, rejectedHash: config.RejectedHash, tokenNames: config.TokenNames,
		health: config.Health, about: config.About, checks: config.Checks, redisSet: config.RedisSet,
		simulations: config.Simulations,
	}
	if c.deadlines == (interview.Deadlines{}) {
		c.deadlines = interview.DefaultDeadlines()
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.access = newAccess(config.Access, c.now)
	c.live = newLive(c)
	c.listening, c.endListening = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.Handle("GET /console/assets/{name}", c.assets)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) { // browsers ask for it by themselves
		http.Redirect(w, r, c.path("/assets/"+c.assets.hashed("icon.svg")), http.StatusFound)
	})
	mux.HandleFunc("GET /console/sign-in", c.signInPage)
	mux.HandleFunc("POST /console/sign-in", c.signIn)
	mux.HandleFunc("POST /console/sign-out", c.signOut)
	c.page(mux, "GET /console", func(w http.ResponseWriter, r *http.Request, _ Role) error {
		http.Redirect(w, r, c.path("/calls"), http.StatusSeeOther)
		return nil
	})
	c.page(mux, "GET /console/{$}", func(w http.ResponseWriter, r *http.Request, _ Role) error {
		http.Redirect(w, r, c.path("/calls"), http.StatusSeeOther)
		return nil
	})
	c.routeCalls(mux)
	c.routeCall(mux)
	c.routeLive(mux)
	c.routeCampaigns(mux)
	c.routeWebhooks(mux)
	c.routeRejections(mux)
	c.routeFind(mux)
	c.routeRuns(mux)
	c.routePlayer(mux)
	c.routeOverdue(mux)
	c.routeBulk(mux)
	c.routeHealth(mux)
	c.routeAudit(mux)
	c.routeSimulations(mux)
	c.routeStops(mux)
	c.routeContacts(mux)
	c.routeImportContacts(mux)
	c.routeDoNotCall(mux)
	c.page(mux, "GET /console/", func(http.ResponseWriter, *http.Request, Role) error { return store.ErrNotFound })
	c.pages = mux
	c.handler = protect(mux)
	return c, nil
}

// ServeHTTP answers a request whose path is below /console, without the prefix.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

// path is where a browser finds a page, such as "/calls".
func (c *Console) path(page string) string { return c.prefix + "/console" + page }

// page registers a page, which somebody must have signed in to see. It returns its error before it has written anything.
func (c *Console) page(mux *http.ServeMux, pattern string, serve func(http.ResponseWriter, *http.Request, Role) error) {
	c.patterns = append(c.patterns, pattern)
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		who := c.access.who(r)
		role := who.role
		if role == Nobody {
			c.askToSignIn(w, r)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, who))
		err := serve(w, r, role)
		switch {
		case err == nil:
		case errors.Is(err, store.ErrNotFound):
			c.render(w, r, http.StatusNotFound, c.frame(r, role, "Not found"), notFoundPage(r.URL.Path))
		case r.Context().Err() != nil: // nobody waits for it
		default:
			var no *forbidden
			if errors.As(err, &no) {
				c.render(w, r, http.StatusForbidden, c.frame(r, role, "Not for viewers"), messagePage("Not for viewers", no.text))
				return
			}
			var bad *badRequest
			if errors.As(err, &bad) {
				c.render(w, r, http.StatusBadRequest, c.frame(r, role, "Not understood"), messagePage("Not understood", bad.text))
				return
			}
			c.log.ErrorContext(r.Context(), "page", slog.String("path", r.URL.Path), slog.Any("error", err))
			c.render(w, r, http.StatusInternalServerError, c.frame(r, role, "Error"),
				messagePage("This page could not be made", "The server's log says why. Loading it again may help."))
		}
	})
}

// adminPage registers a page that only an Admin may see, or post to.
func (c *Console) adminPage(mux *http.ServeMux, pattern string, serve func(http.ResponseWriter, *http.Request, Role) error) {
	c.page(mux, pattern, func(w http.ResponseWriter, r *http.Request, role Role) error {
		if role != Admin {
			c.render(w, r, http.StatusForbidden, c.frame(r, role, "Not for viewers"), messagePage("Not for viewers", "This needs ADMIN_TOKEN."))
			return nil
		}
		return serve(w, r, role)
	})
}

// forbidden is what the role may not ask for.
type forbidden struct{ text string }

func (e *forbidden) Error() string { return e.text }

// badRequest is a query that says nothing that a page knows.
type badRequest struct{ text string }

func (e *badRequest) Error() string { return e.text }

// render writes a page within its frame.
func (c *Console) render(w http.ResponseWriter, r *http.Request, status int, f frame, body templ.Component) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if f.notice != "" {
		c.setNotice(w, "", -1)
	}
	w.WriteHeader(status)
	if err := layout(f, body).Render(r.Context(), w); err != nil && r.Context().Err() == nil {
		c.log.WarnContext(r.Context(), "page", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
}

// frame is what the parts around a page show.
type frame struct {
	title string
	role  Role
	open  bool   // nobody needs to sign in
	at    string // the path of the page below /console, such as "/calls"
	path  func(page string) string
	asset func(name string) string
	now   time.Time
	// notice is what was done by the request before this one, "" for nothing.
	notice string
	// scripts are modules that this page needs beside console.js.
	scripts []string
	// live is the address of the page's stream of events, "" for none, and liveTop where the pill leads; see liveList.
	live, liveTop string
	// query is that of the page.
	query url.Values
	// stopping are the stops in force, and the way to stop.
	stopping stopping
	// strip is what is measured, on every page; nil for nobody who has signed in.
	strip *stripView
	// refresh, if not 0, is after how many seconds a browser without scripts loads the page again.
	refresh int
}

func (c *Console) frame(r *http.Request, role Role, title string) frame {
	return frame{
		title: title, role: role, open: c.access.open(), at: strings.TrimPrefix(r.URL.Path, "/console"),
		path: c.path, asset: func(name string) string { return c.path("/assets/" + c.assets.hashed(name)) }, now: c.now().UTC(),
		notice: notice(r), query: r.URL.Query(), strip: c.strip(role), stopping: c.stopping(r.Context(), role),
	}
}
