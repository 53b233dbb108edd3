package jobs

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
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
			if n := e.inngest.unsigned.add(time.Now()); n > 0 {
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
	i := e.inngest
	var request struct {
		URL string `json:"url"`
	}
	if json.Unmarshal(body, &request) != nil || i.config.BaseURL == "" {
		return
	}
	if !sameURL(request.URL, i.config.ServeURL) {
		// It goes on asking for ever, and so says nothing.
		i.otherURL.Do(func() {
			e.config.Log.Warn("Inngest has another URL for the functions than the one they are registered at: --sdk-url and INNGEST_SERVE_HOST, or APP_URL, differ",
				"asks", request.URL, "registered", i.config.ServeURL)
		})
		return
	}
	select {
	case i.asked <- struct{}{}:
	default:
	}
}

// sameURL compares URLs as the self-hosted server does: the names of this machine are one, and so is a port that goes
// without saying.
func sameURL(a, b string) bool {
	normal := func(text string) string {
		u, err := url.Parse(text)
		if err != nil {
			return text
		}
		host, port := u.Hostname(), u.Port()
		switch host {
		case "127.0.0.1", "0.0.0.0":
			host = "localhost"
		}
		if port == "" || u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
			u.Host = host
		} else {
			u.Host = net.JoinHostPort(host, port)
		}
		return u.String()
	}
	return normal(a) == normal(b)
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
