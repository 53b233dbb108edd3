package inngest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
)

// Local is a self-hosted server on this machine, whose --sdk-url leads to whichever process of the application runs.
type Local struct {
	*Server
	// URL takes events and registrations, ServeHost is where the functions are called.
	URL, ServeHost string
	// EventKey and SigningKey are the application's to use.
	EventKey, SigningKey string

	stop func()
}

// Start returns a server that calls functions until it is closed. at says where the application answers, each time that it is
// asked for, and "" while nobody does.
func Start(at func() string) *Local {
	l := &Local{EventKey: "an-event-key", SigningKey: "signkey-test-00112233445566778899aabbccddeeff"}
	// The way to whichever process runs, as a load balancer would find it.
	way := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			target, err := url.Parse(at())
			if err != nil || target.Host == "" {
				target = &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
			}
			r.SetURL(target)
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	l.Server = New(Config{AppURL: way.URL + "/api/inngest", EventKey: l.EventKey, SigningKey: l.SigningKey})
	events := httptest.NewServer(l.Server)
	l.URL, l.ServeHost = events.URL, way.URL

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.Run(ctx)
	}()
	l.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
		l.Server.Close()
		events.Close()
		way.Close()
	})
	return l
}

// Settings are those of an application that runs its functions on this server: name, value, name, value.
func (l *Local) Settings() []string {
	return []string{
		"INNGEST_BASE_URL", l.URL, "INNGEST_SERVE_HOST", l.ServeHost,
		"INNGEST_EVENT_KEY", l.EventKey, "INNGEST_SIGNING_KEY", l.SigningKey,
	}
}

// Close ends the server and returns when its last call has.
func (l *Local) Close() { l.stop() }
