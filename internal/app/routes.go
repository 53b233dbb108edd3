package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/ratelimit"
	"github.com/i-agent/iagent/internal/telemetry"
	"github.com/i-agent/iagent/internal/webhook"
	"github.com/i-agent/iagent/signature"
)

// webhookPaths are where each callback is served; the version in the path lets a later one be rolled out beside it.
var webhookPaths = []string{"/api/webhooks/twilio/", "/api/webhooks/v1/twilio/"}

// kinds are the callbacks that are served.
var kinds = []inbox.Kind{
	inbox.KindVoice, webhook.KindConsent, inbox.KindStatus, inbox.KindRecording, webhook.KindAMD, webhook.KindAnswer,
}

// Unverified requests of one client: about as many as a broken configuration sends before somebody looks.
const unverifiedPerMinute = 100

// routes is the whole of what is served.
func (a *App) routes() (http.Handler, error) {
	verifier, err := signature.New(signature.Config{
		URL: a.settings.baseURL, Tokens: a.settings.tokens, AccountTokens: a.settings.accountTokens,
	})
	if err != nil {
		return nil, fmt.Errorf("reading the signature settings: %w", err)
	}

	mux := http.NewServeMux()
	for _, kind := range kinds {
		handler, err := a.webhook(kind, verifier, a.processor)
		if err != nil {
			return nil, err
		}
		for _, path := range webhookPaths {
			mux.Handle(path+string(kind), handler)
		}
	}
	for _, path := range webhookPaths {
		// Not the API's to answer: Twilio would take its 401 as a request for credentials.
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { inbox.WriteError(w, http.StatusNotFound, "Not found") })
	}
	rest := api.New(api.Config{Store: a.store, AdminToken: a.settings.AdminToken, Deadlines: a.settings.deadlines, Log: a.log, Now: a.options.Now})
	mux.Handle("/", rest)
	a.serveInngest(mux)
	if err := a.serveConsole(mux); err != nil {
		return nil, err
	}
	mux.Handle("GET /metrics", a.metrics())
	return a.counting(telemetry.RequestIDs(underPath(publicPath(a.settings.baseURL), mux))), nil
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
	a.closers = append(a.closers, func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = a.telemetry.Shutdown(stopping)
	})
	return nil
}

func (a *App) openLimiter() error {
	a.limiter = ratelimit.NewMemory(unverifiedPerMinute, unverifiedPerMinute, a.now)
	if a.settings.RedisURL == "" {
		return nil
	}
	shared, err := ratelimit.NewRedis(a.settings.RedisURL, unverifiedPerMinute, unverifiedPerMinute, a.now, a.log)
	if err != nil {
		return &ConfigError{Faults: []string{"REDIS_URL: " + err.Error()}}
	}
	a.limiter = shared
	a.closers = append(a.closers, func() { _ = shared.Close() })
	return nil
}
