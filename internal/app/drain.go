package app

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// drain lets a program leave its load balancer before it stops: while it is stopping, readiness is answered 503 and everything else
// as before, so that whoever balances finds out and sends nothing more.
type drain struct{ stopping atomic.Bool }

// wait says that the program is stopping, and returns after a delay, or at once when there is none.
func (d *drain) wait(delay time.Duration) {
	d.stopping.Store(true)
	time.Sleep(delay)
}

// handler answers while the program runs and while it stops. Connections are not closed under whoever may be about to use them
// again: each is closed with the answer to its next request.
func (d *drain) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.stopping.Load() {
			w.Header().Set("Connection", "close")
			if r.URL.Path == "/readyz" {
				inbox.WriteError(w, http.StatusServiceUnavailable, "Stopping")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// shutDown ends the HTTP server: after SHUTDOWN_DELAY no request is taken any more, and those that are being answered have the given
// time to end.
func (a *App) shutDown(ctx context.Context, within time.Duration) error {
	if delay := a.settings.shutdownDelay; delay > 0 {
		a.log.Info("stopping: readiness is answered 503 from now on, and requests are taken a little longer", "delay", delay)
		a.drain.wait(delay)
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	if err := a.server.Shutdown(stopping); err != nil {
		a.log.Warn("requests did not end in time", "error", err)
		return a.server.Close()
	}
	return nil
}

// mostDelay bounds SHUTDOWN_DELAY: whoever stops a program does not wait for longer.
const mostDelay = 5 * time.Minute

func (s *settings) checkShutdownDelay(fault func(variable, cure string)) {
	if s.ShutdownDelay == "" {
		return
	}
	var err error
	if s.shutdownDelay, err = time.ParseDuration(s.ShutdownDelay); err != nil || s.shutdownDelay < 0 || s.shutdownDelay > mostDelay {
		fault("SHUTDOWN_DELAY", "must be a duration from 0s to 5m, such as 10s")
	}
}
