package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/telemetry"
	"github.com/i-agent/iagent/internal/webhook"
	"github.com/i-agent/iagent/signature"
)

// Unverified requests of one client: about as many as a broken configuration sends before somebody looks.
const unverifiedPerMinute = 100

// routes is the whole of what is served.
func (a *App) routes() (http.Handler, error) {
	verifier, err := signature.New(signature.Config{
		URL: a.settings.baseURL, Tokens: a.settings.tokens, AccountTokens: a.verifiedAccounts(),
	})
	if err != nil {
		return nil, fmt.Errorf("reading the signature settings: %w", err)
	}

	mux := http.NewServeMux()
	a.serveSelfTest(mux, verifier)
	versions := a.versions()
	for _, kind := range webhook.Kinds(versions) {
		handler, err := a.webhook(kind, verifier, tracedProcessor{a, a.processor})
		if err != nil {
			return nil, err
		}
		for _, path := range webhookPaths(versions) {
			mux.Handle(path+string(kind), handler)
		}
	}
	for _, path := range webhookPaths(versions) {
		// Not the API's to answer: Twilio would take its 401 as a request for credentials.
		mux.HandleFunc(path, a.unknownWebhook)
	}
	var ask func(ctx context.Context, callID string) (interview.Asked, error)
	if a.asker != nil {
		ask = a.asker.Ask
	}
	rest := api.New(api.Config{
		Store: a.store, Rejections: a.rejections, AdminToken: a.settings.AdminToken, ViewerToken: a.settings.ViewerToken,
		Deadlines: a.settings.deadlines, Log: a.log, Now: a.options.Now, MigratedAt: a.now(), Replay: a.processor.Replay, TryReplay: a.processor.TryReplay, Reconcile: ask, Bulk: a.bulk, Simulations: a.simulation != nil,
	})
	mux.Handle("/", a.exceptWebhooks(rest))
	a.serveInngest(mux)
	if err := a.serveConsole(mux, rest); err != nil {
		return nil, err
	}
	mux.Handle("GET /metrics", a.metrics())
	served := a.drain.handler(a.withoutRedirects(mux))
	return a.counting(telemetry.RequestIDs(underPath(publicPath(a.settings.baseURL), served))), nil
}

// metrics needs no token where this machine itself asks.
func (a *App) metrics() http.Handler {
	if a.settings.loopback {
		return api.ProtectExceptLocal(a.settings.AdminToken, a.telemetry.Handler())
	}
	return api.Protect(a.settings.AdminToken, a.telemetry.Handler())
}

func (a *App) openTelemetry(ctx context.Context) error {
	var err error
	if a.telemetry, err = telemetry.Setup(ctx, telemetry.Config{Version: a.options.Version}); err != nil {
		return &ConfigError{Faults: []string{err.Error()}}
	}
	a.reportTelemetryErrors()
	for _, kind := range webhook.Kinds(a.versions()) {
		a.telemetry.Expect(string(kind))
	}
	a.closers = append(a.closers, func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = a.telemetry.Shutdown(stopping)
	})
	return nil
}
