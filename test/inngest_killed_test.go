package test_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/testserver/inngest"
	"github.com/i-agent/iagent/simulator"
	"github.com/i-agent/iagent/test/program"
)

// TestServerKilledUnderInngestLosesOrDoubles kills the server while Inngest waits for its functions' answers. Inngest finds
// nobody there for a while; the ledger of the next process knows what had begun and what had not.
func TestServerKilledUnderInngestLosesOrDoubles(t *testing.T) {
	t.Parallel()
	program.OnBoth(t, func(t *testing.T, databaseURL string) {
		stage := program.NewStage(t, simulator.Config{
			Seed:        5,
			Pick:        simulator.Mixed(simulator.Answer{Say: "It costs 2 dollars and 49 cents."}).Pick(5),
			Model:       program.Reader,
			Concurrency: 8, RetryPause: 2 * time.Second,
		})
		var server *program.Server
		// The way to whichever process lives, as a load balancer would find it.
		way := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				target, err := url.Parse(server.URL())
				if err != nil || target.Host == "" {
					target = &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
				}
				r.SetURL(target)
			},
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		})
		defer way.Close()
		events := httptest.NewServer(nil)
		defer events.Close()
		engine := inngest.New(inngest.Config{
			AppURL: way.URL + "/api/inngest", EventKey: inngestEventKey, SigningKey: inngestSigningKey, Backoff: 8 * time.Second,
		})
		events.Config.Handler = engine
		server = stage.Serve(t, program.Complete(databaseURL).With("JOBS_ENGINE", "inngest", "INNGEST_EVENT_KEY", inngestEventKey,
			"INNGEST_SIGNING_KEY", inngestSigningKey, "INNGEST_BASE_URL", events.URL))
		if err := engine.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer background(engine.Run)()

		stage.Models.Hold()
		placed := server.Place(t, "+15550000001", "+15550000002", "+15550000003", "+15550000004", "+15550000005", "+15550000006")
		program.Eventually(t, time.Minute, func() error { return atLeast(stage.Models.Requests(), 1, "transcriptions asked for") })
		server.Kill9()
		stage.Models.Release()
		server.Start()
		program.Eventually(t, 3*time.Minute, func() error { return stage.Open(server.API, placed) })

		faults, err := stage.Judge(server.API, placed)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults {
			t.Error(fault)
		}
		interrupted := 0
		for _, run := range engine.Runs() {
			if run.Calls > 1 {
				interrupted++
			}
		}
		if interrupted == 0 {
			t.Error("the kill met no function: the test proves nothing")
		}
	})
}
