package test_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/testserver/inngest"
	"github.com/i-agent/iagent/test/program"
)

const (
	inngestEventKey   = "an-event-key"
	inngestSigningKey = "signkey-test-00112233445566778899aabbccddeeff"
)

// onInngest starts an Inngest that calls the functions of the server whose configuration it completes.
func onInngest(t *testing.T, config inngest.Config) (configure func(*app.Config), server func() *inngest.Server) {
	t.Helper()
	config.EventKey, config.SigningKey = inngestEventKey, inngestSigningKey
	var s *inngest.Server
	return func(c *app.Config) {
		config.AppURL = c.URL + "/api/inngest"
		s = inngest.New(config)
		listener := httptest.NewServer(s)
		stop := background(func(ctx context.Context) {
			// As a deployment does: until the server answers.
			for s.Sync(ctx) != nil && ctx.Err() == nil {
				<-time.After(20 * time.Millisecond)
			}
			s.Run(ctx)
		})
		t.Cleanup(func() {
			stop()
			s.Close()
			listener.Close()
		})
		c.JobsEngine, c.InngestEventKey, c.InngestSigningKey, c.InngestBaseURL = "inngest", inngestEventKey, inngestSigningKey, listener.URL
	}, func() *inngest.Server { return s }
}

// background runs f until the returned function is called, which waits for its end.
func background(f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// atLeast is an error until n has reached its least.
func atLeast(n, least int, what string) error {
	if n < least {
		return fmt.Errorf("%d %s, want %d", n, what, least)
	}
	return nil
}

// TestPromiseBreaksOnInngest plays the demo with the functions on Inngest: no webhook, call or transcript is lost or
// doubled.
func TestPromiseBreaksOnInngest(t *testing.T) {
	t.Parallel()
	program.OnBoth(t, func(t *testing.T, databaseURL string) {
		var out bytes.Buffer
		configure, server := onInngest(t, inngest.Config{})
		err := demo.Run(t.Context(), demo.Options{
			Out: &out, DatabaseURL: databaseURL, Seed: 3, Within: 2 * time.Minute, Configure: configure,
		})
		var broken *demo.ErrBroken
		switch {
		case errors.As(err, &broken):
			t.Errorf("%s", strings.Join(broken.Violations, "\n"))
		case err != nil:
			t.Fatalf("%v\n%s", err, out.String())
		}
		started := map[string]int{}
		for _, run := range server().Runs() {
			started[run.Function]++
			if run.State == inngest.Failed {
				t.Errorf("%s by %s failed: %s", run.Function, run.Event.ID, run.Output)
			}
			for name, value := range run.Event.Data {
				if text, ok := value.(string); ok && strings.Contains(text, "+1555") {
					t.Errorf("%s of event %s has a phone number", name, run.Event.ID)
				}
			}
		}
		for _, f := range []string{"orchestrate-call", "transcribe-recording", "extract-claims", "validate-claim"} {
			if started["iagent-"+f] == 0 {
				t.Errorf("%s did not run on Inngest: %v", f, started)
			}
		}
		t.Log(started)
	})
}
