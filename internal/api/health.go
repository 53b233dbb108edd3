package api

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// healthStore is what readiness asks.
type healthStore interface {
	Ping(ctx context.Context) error
	Migrated(ctx context.Context) (bool, error)
}

const (
	// probeTimeout bounds a readiness probe, which is asked every few seconds.
	probeTimeout = 3 * time.Second
	// migratedFor is how long a migrated schema is taken to stay so: to ask takes a lock and a connection.
	migratedFor = time.Minute
)

// readiness remembers that the schema was found migrated.
type readiness struct {
	store healthStore
	now   func() time.Time

	mu         sync.Mutex
	migratedAt time.Time
}

// health says that the process is alive, and asks nobody.
func (a *api) health(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether requests can be served. The reason is for a log, not for the public: no addresses, no versions.
func (a *api) readyz(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
	defer cancel()
	missing, err := a.ready.missing(ctx)
	if err != nil {
		a.log.WarnContext(ctx, "not ready", "missing", missing, "error", err)
	}
	if missing != "" {
		return &problem{status: http.StatusServiceUnavailable, message: missing}
	}
	return answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// missing names what requests would miss, "" for nothing. The error says why, if there is more to say.
func (r *readiness) missing(ctx context.Context) (string, error) {
	if err := r.store.Ping(ctx); err != nil {
		return "Database is not reachable", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); !r.migratedAt.IsZero() && now.Sub(r.migratedAt) < migratedFor {
		return "", nil
	}
	migrated, err := r.store.Migrated(ctx)
	switch {
	case err != nil:
		return "Database schema is not known", err
	case !migrated:
		return "Database schema is not up to date: run iagent migrate up", nil
	}
	r.migratedAt = r.now()
	return "", nil
}
