package program

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/testserver/inngest"
)

// Inngest is a stand-in for Inngest that calls the functions of whichever process of a server lives.
type Inngest struct {
	*inngest.Server
	// URL takes events.
	URL string
	// EventKey and SigningKey are the server's to use.
	EventKey, SigningKey string
}

// NewInngest starts a stand-in for the server that answers at a URL; at says which, each time that it is asked for, and ""
// while there is none. It syncs as soon as somebody answers, as after a deployment.
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
	i.Server = inngest.New(inngest.Config{
		AppURL: way.URL + "/api/inngest", EventKey: i.EventKey, SigningKey: i.SigningKey,
		// Inngest's own pauses grow from seconds to hours: long enough for a process to come back.
		Backoff: 5 * time.Second,
	})
	events := httptest.NewServer(i.Server)
	i.URL = events.URL

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		i.serve(ctx)
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

func (i *Inngest) serve(ctx context.Context) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for i.Sync(ctx) != nil {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
	i.Run(ctx)
}
