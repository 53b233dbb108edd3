package jobs

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/inngest/inngestgo"
)

// Inngest is the handler that Inngest calls the functions at, nil when they run on River. It answers only what is signed,
// except with InngestConfig.Dev.
func (e *Engine) Inngest() http.Handler {
	if e.inngest == nil {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInvocation))
		if err != nil {
			http.Error(w, "reading the request", http.StatusBadRequest)
			return
		}
		if r.Method == http.MethodPut && e.inngest.config.Dev {
			e.registerForDev(w, r)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		// A function takes longer than the server's timeouts allow. A writer without deadlines has none to lift.
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Now().Add(attemptTimeout + time.Minute))
		answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		e.inngest.handler.ServeHTTP(answer, r)
		switch {
		case answer.status == http.StatusUnauthorized:
			if n := e.inngest.strangers.add(time.Now()); n > 0 {
				e.config.Log.Warn("requests to the functions were refused: they are not signed with INNGEST_SIGNING_KEY", "requests", n)
			}
		case r.Method == http.MethodPut && answer.status == http.StatusOK:
			e.askedToRegister(body)
		}
	})
}

// askedToRegister has the functions registered soon. The self-hosted server asks every few seconds until it knows them,
// after each start of its own, and does not read the SDK's answer.
func (e *Engine) askedToRegister(body []byte) {
	var request struct {
		URL string `json:"url"`
	}
	// A server that asks at another URL than the one that is registered goes on asking for ever.
	if json.Unmarshal(body, &request) != nil || request.URL != e.inngest.config.ServeURL || e.inngest.config.BaseURL == "" {
		return
	}
	select {
	case e.inngest.asked <- struct{}{}:
	default:
	}
}

// registerForDev registers the functions while the development server, which asks every few seconds, waits for it. The SDK
// would do so as well, but with the functions in another order each time: for the server, each time another application.
func (e *Engine) registerForDev(w http.ResponseWriter, r *http.Request) {
	inngestgo.SetBasicResponseHeaders(w)
	if _, err := e.inngest.register(r.Context()); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": err.Error()})
		return
	}
	w.Header().Set(inngestgo.HeaderKeySyncKind, inngestgo.SyncKindOutOfBand)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": "registered"})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// counted is what happens often and is logged once a minute.
type counted struct {
	mu     sync.Mutex
	n      int
	logged time.Time
}

// add counts one more, and returns how many there were since the last time that it did, or 0 when it did so just now.
func (c *counted) add(now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if now.Sub(c.logged) < time.Minute {
		return 0
	}
	n := c.n
	c.n, c.logged = 0, now
	return n
}
