package api

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/store"
)

const (
	// probeTimeout bounds a readiness probe, which is asked every few seconds.
	probeTimeout = 3 * time.Second
	// migratedFor is how long a migrated schema is taken to stay so: to ask takes a lock and a connection.
	migratedFor = time.Minute
	// answerFor is how long an answer stands: nobody needs a token to ask, and each probe writes.
	answerFor = 250 * time.Millisecond
)

// readiness answers probes. It remembers its last answer, and that the schema was found migrated.
type readiness struct {
	store *store.Store
	now   func() time.Time

	mu         sync.Mutex
	migratedAt time.Time
	answeredAt time.Time
	answer     string
}

// health says that the process is alive, and asks nobody.
func (a *api) health(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether webhooks can be accepted, which takes a database that can be written. The reason is for a log, not for the public: no addresses, no versions.
func (a *api) readyz(w http.ResponseWriter, r *http.Request) error {
	missing, err := a.ready.check(r.Context())
	if err != nil {
		a.log.WarnContext(r.Context(), "not ready", "missing", missing, "error", err)
	}
	if missing != "" {
		return &problem{status: http.StatusServiceUnavailable, message: missing}
	}
	return answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// check names what requests would miss, "" for nothing. The error says why, if there is more to say; it comes with a new
// answer only.
func (r *readiness) check(ctx context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.answeredAt.IsZero() && r.now().Sub(r.answeredAt) < answerFor {
		return r.answer, nil
	}
	// The answer is for all who wait for it, so it does not depend on how long one of them waits.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	defer cancel()
	missing, err := r.missing(ctx)
	r.answer, r.answeredAt = missing, r.now()
	return missing, err
}

func (r *readiness) missing(ctx context.Context) (string, error) {
	if err := r.store.Ping(ctx); err != nil {
		return "Database is not reachable", err
	}
	if missing, err := r.schema(ctx); missing != "" {
		return missing, err
	}
	if err := r.store.ProbeWrite(ctx); err != nil {
		return "Database cannot be written", err
	}
	return "", nil
}

// schema names what is wrong with the schema, "" for nothing.
func (r *readiness) schema(ctx context.Context) (string, error) {
	if now := r.now(); !r.migratedAt.IsZero() && now.Sub(r.migratedAt) < migratedFor {
		return "", nil
	}
	migrated, err := r.store.Migrated(ctx)
	switch {
	case errors.Is(err, store.ErrNewerSchema):
		return "Database schema is newer than this program", err
	case err != nil:
		return "Database schema is not known", err
	case !migrated:
		return "Database schema is not up to date: run iagent migrate up", nil
	}
	r.migratedAt = r.now()
	return "", nil
}
