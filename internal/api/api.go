package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/bulk"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// requestTimeout bounds what one request may ask of the database.
const requestTimeout = 20 * time.Second

// Config is what the API needs.
type Config struct {
	// Store is the open database.
	Store *store.Store
	// AdminToken is the bearer token. Without one only requests of this machine are served; see Protect.
	AdminToken string
	// ViewerToken is another bearer token, for reads with phone numbers masked; "" for none.
	ViewerToken string
	// Deadlines say what is overdue; the zero value means interview.DefaultDeadlines.
	Deadlines interview.Deadlines
	// Rejections is nil where nobody refuses anything: then they are only listed.
	Rejections Rejections
	// Log takes faults; nil means slog.Default(). Neither tokens nor phone numbers are logged.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// MigratedAt is when the schema was last seen to be the newest; the zero value means that it was not looked at.
	MigratedAt time.Time
	// Reconcile asks Twilio about one call; see [interview.Asked]. Without it there is no POST /api/calls/{id}/reconcile.
	Reconcile func(ctx context.Context, callID string) (interview.Asked, error)
	// Simulations says that a simulator plays the calls of simulated campaigns.
	Simulations bool
	// Replay processes a stored event again; see store.Processor. Without it there is no POST /api/webhooks/{id}/replay.
	Replay func(ctx context.Context, id string, replay store.Replay) (store.Replayed, error)
	// TryReplay says what Replay would do, and does nothing; see store.Processor. Without it there is no dry run.
	TryReplay func(ctx context.Context, ids []string, replay store.Replay) ([]store.Replayed, error)
	// Bulk runs bulk jobs. Without it they are only listed.
	Bulk *bulk.Runner
}

// api is the handler. It keeps nothing between requests but what readiness remembers.
type api struct {
	store       *store.Store
	rejections  Rejections
	deadlines   interview.Deadlines
	log         *slog.Logger
	ready       readiness
	replay      func(ctx context.Context, id string, replay store.Replay) (store.Replayed, error)
	reconcile   func(ctx context.Context, callID string) (interview.Asked, error)
	try         func(ctx context.Context, ids []string, replay store.Replay) ([]store.Replayed, error)
	bulk        *bulk.Runner
	simulations bool

	routes    *http.ServeMux
	protected http.Handler
}

// New returns the handler of /api/campaigns, /api/contacts, /api/calls, /api/hypotheses, /api/webhooks, /api/rejections, /api/runs, /api/bulk-jobs,
// /api/audit, /api/overdue, /healthz and /readyz. Any other path is answered 404.
func New(config Config) http.Handler {
	a := &api{store: config.Store, rejections: config.Rejections, deadlines: config.Deadlines, log: config.Log, simulations: config.Simulations, routes: http.NewServeMux()}
	if a.deadlines == (interview.Deadlines{}) {
		a.deadlines = interview.DefaultDeadlines()
	}
	if a.log == nil {
		a.log = slog.Default()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	a.ready = readiness{store: config.Store, now: config.Now, migratedAt: config.MigratedAt}
	a.handleQuery("GET /healthz", "", a.health)
	a.handleQuery("GET /readyz", "", a.readyz)
	a.handle("POST /api/campaigns", "Campaign", a.createCampaign)
	a.handleQuery("GET /api/campaigns", "Campaign", a.listCampaigns)
	a.handle("GET /api/campaigns/{id}", "Campaign", a.getCampaign)
	a.handle("PATCH /api/campaigns/{id}", "Campaign", a.changeCampaign)
	a.handle("POST /api/campaigns/{id}/calls", "Campaign", a.createCalls)
	a.handleQuery("GET /api/campaigns/{id}/dispositions", "Campaign", a.getDispositions)
	a.handleQuery("GET /api/campaigns/{id}/export", "Campaign", a.exportCampaign)
	a.handleQuery("POST /api/campaigns/{id}/contacts", "Campaign", a.createContacts)
	a.handleQuery("GET /api/contacts", "Contact", a.listContacts)
	a.handle("GET /api/contacts/{id}", "Contact", a.getContact)
	a.handle("POST /api/simulations", "", a.startSimulation)
	a.handleQuery("GET /api/calls", "Call", a.listCalls)
	a.handle("GET /api/calls/{id}", "Call", a.getCall)
	a.handleQuery("POST /api/calls/{id}/cancel", "Call", a.cancelCall)
	a.handle("POST /api/calls/{id}/withdraw-consent", "Call", a.withdrawConsent)
	if a.reconcile = config.Reconcile; a.reconcile != nil {
		a.handle("POST /api/calls/{id}/reconcile", "Call", a.reconcileCall)
	}
	a.handle("DELETE /api/personal-data", "", a.eraseNumber)
	a.handle("DELETE /api/calls/{id}/personal-data", "Call", a.erasePersonalData)
	a.handle("GET /api/hypotheses/{id}", "Hypothesis", a.getHypothesis)
	a.handleQuery("GET /api/hypotheses/{id}/claims", "Hypothesis", a.listClaims)
	a.handleQuery("GET /api/hypotheses/{id}/verdicts", "Hypothesis", a.listVerdicts)
	a.handleQuery("GET /api/webhooks", "Webhook", a.listWebhooks)
	a.handle("GET /api/webhooks/{id}", "Webhook", a.getWebhook)
	a.handleRejections()
	a.try = config.TryReplay
	if a.replay = config.Replay; a.replay != nil {
		a.handle("POST /api/webhooks/{id}/replay", "Webhook", a.replayWebhook)
	}
	a.handleDoNotCall()
	a.handle("POST /api/stops", "Campaign", a.stop)
	a.handleQuery("GET /api/stops", "Stop", a.listStops)
	a.handleQuery("DELETE /api/stops/{id}", "Stop", a.resume)
	a.handleQuery("GET /api/audit", "", a.listAudit)
	a.handleQuery("GET /api/stats", "", a.getStats)
	a.handleQuery("GET /api/overdue", "", a.listOverdue)
	a.handleQuery("GET /api/runs", "Run", a.listRuns)
	a.handle("GET /api/runs/{id}", "Run", a.getRun)
	a.handle("POST /api/runs/{id}/retry", "Run", a.retryRun)
	a.handle("POST /api/runs/retry", "", a.retryRuns)
	a.handleBulk(config.Bulk)
	routes := http.HandlerFunc(a.route)
	a.protected = admitted(named(routes), allowViewer(config.ViewerToken, routes, Protect(config.AdminToken, named(routes))))
	return a
}

// endpoint answers a request, or returns the error to answer it with. It writes nothing before it is sure.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// handle registers an endpoint; noun names what its {id} is, for the answer 404.
func (a *api) handle(pattern, noun string, serve endpoint) {
	a.handleQuery(pattern, noun, func(w http.ResponseWriter, r *http.Request) error {
		if _, err := queryOf(r); err != nil { // such as dryRun, where nothing is tried
			return err
		}
		return serve(w, r)
	})
}

// handleQuery is handle for an endpoint that reads its query.
func (a *api) handleQuery(pattern, noun string, serve endpoint) {
	a.routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if id := r.PathValue("id"); id != "" && !store.PlausibleID(id) {
			a.refuse(w, r, noun, errNotFound)
			return
		}
		if err := serve(w, r); err != nil {
			a.refuse(w, r, noun, err)
		}
	})
}

// ServeHTTP asks for the token below /api/ before it says anything about the path.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := withTimeout(r.Context())
	defer cancel()
	r = r.WithContext(ctx)
	secure(w)
	defer func() {
		switch fault := recover(); fault {
		case nil:
		case http.ErrAbortHandler:
			panic(fault)
		default:
			a.refuse(w, r, "", fmt.Errorf("panic: %v\n%s", fault, debug.Stack()))
		}
	}()
	if strings.HasPrefix(r.URL.Path, "/api/") {
		a.protected.ServeHTTP(w, r)
		return
	}
	a.route(w, r)
}

// route finds the endpoint. The mux alone would answer an unknown path and a wrong method in plain text, and redirect a
// path like /api//calls, which no client of ours should rely on.
func (a *api) route(w http.ResponseWriter, r *http.Request) {
	if path.Clean(r.URL.Path) != r.URL.Path {
		a.refuse(w, r, "", errNotFound)
		return
	}
	h, pattern := a.routes.Handler(r)
	if pattern != "" {
		a.routes.ServeHTTP(w, r)
		return
	}
	discarded := headerOnly{header: http.Header{}}
	h.ServeHTTP(&discarded, r)
	if allow := discarded.header.Get("Allow"); discarded.status == http.StatusMethodNotAllowed && allow != "" {
		w.Header().Set("Allow", allow)
		a.refuse(w, r, "", &problem{status: http.StatusMethodNotAllowed, message: "Method not allowed"})
		return
	}
	a.refuse(w, r, "", errNotFound)
}

// headerOnly keeps only status and header of an answer.
type headerOnly struct {
	header http.Header
	status int
}

func (d *headerOnly) Header() http.Header         { return d.header }
func (d *headerOnly) WriteHeader(status int)      { d.status = status }
func (d *headerOnly) Write(p []byte) (int, error) { return len(p), nil }
