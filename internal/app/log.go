package app

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/i-agent/iagent/internal/telemetry"
)

// openLog makes the log in which repeated warnings are counted.
func (a *App) openLog() {
	plain := a.log
	a.counted = telemetry.NewCountedLog(plain, time.Minute, a.now)
	a.repeats = telemetry.NewRepeats(plain, time.Minute, a.now)
	a.log = a.repeats.Logger()
	a.database = newDatabaseWatch(plain, a.repeats, func(ctx context.Context) error { return a.store.Probe(ctx) }, a.now)
}

// inFlight counts the requests that are being answered.
type inFlight struct{ n atomic.Int64 }

func (a *App) counting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.requests.n.Add(1)
		defer a.requests.n.Add(-1)
		next.ServeHTTP(w, r)
	})
}

// logStart says what is served.
func (a *App) logStart() {
	s := a.settings
	a.log.Info("serving", "address", a.listener.Addr().String(), "url", s.baseURL, "version", a.options.Version, "database", databaseName(s.DatabaseURL),
		"engine", s.JobsEngine, "retention", s.periods.Payloads, "account", s.AccountSid, "models", s.lacksModels() == "", "redis", s.RedisURL != "", "apiToken", s.AdminToken != "")
}

// logStop says that serving has ended, how long that was, and how many requests were under way when it was told to stop and still are.
func (a *App) logStop(begun time.Time) {
	a.repeats.Flush(context.Background())
	a.log.Info("stopped", "served", a.now().Sub(begun).Round(time.Millisecond), "underWay", a.stopping.Load(), "unanswered", a.requests.n.Load())
}

// databaseName is where a database is, without user and password.
func databaseName(text string) string {
	if strings.HasPrefix(text, "sqlite:") {
		return text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "postgres"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// flushEvery is how often lines of the log that were held back are written, with how many more there were.
const flushEvery = 10 * time.Second

// flushLog writes what was held back, again and again, until ctx ends.
func (a *App) flushLog(ctx context.Context) error {
	return keepLooking(ctx, flushEvery, func(ctx context.Context) bool {
		a.counted.Flush(ctx)
		a.repeats.Flush(ctx)
		return true
	})
}
