package program

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/i-agent/iagent/internal/testserver/inngest"
)

// Inngest is a stand-in for Inngest that calls the functions of whichever process of a server lives.
type Inngest struct {
	*inngest.Server
	// URL takes events and registrations, ServeHost is where the functions are called.
	URL, ServeHost string
	// EventKey and SigningKey are the server's to use.
	EventKey, SigningKey string
}

// NewInngest starts a stand-in for the self-hosted server, with the URL of a server as its --sdk-url; at says where that
// answers, each time that it is asked for, and "" while there is none.
func NewInngest(t testing.TB, at func() string) *Inngest {
	i := &Inngest{EventKey: "an-event-key", SigningKey: "signkey-test-00112233445566778899aabbccddeeff"}
	// The way to whichever process lives, as a load balancer would find it.
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
	i.Server = inngest.New(inngest.Config{AppURL: way.URL + "/api/inngest", EventKey: i.EventKey, SigningKey: i.SigningKey})
	events := httptest.NewServer(i.Server)
	i.URL, i.ServeHost = events.URL, way.URL

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		i.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		i.Close()
		events.Close()
		way.Close()
	})
	return i
}

// Settings are those of a server that runs its functions on this Inngest: name, value, name, value.
func (i *Inngest) Settings() []string {
	return []string{
		"INNGEST_BASE_URL", i.URL, "INNGEST_SERVE_HOST", i.ServeHost,
		"INNGEST_EVENT_KEY", i.EventKey, "INNGEST_SIGNING_KEY", i.SigningKey,
	}
}
