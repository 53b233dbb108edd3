package observe_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/simulator"
)

// TestLiveRunIsSeenInPrometheusAndInTraces runs a campaign with the simulated Twilio and its models, in a server that is scraped
// by the real Prometheus and sends its traces to a receiver.
func TestLiveRunIsSeenInPrometheusAndInTraces(t *testing.T) {
	collector := newReceiver(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
	t.Setenv("OTEL_BSP_MAX_QUEUE_SIZE", "100000")
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "1000")
	server := run(t)
	forge(t, server.url)
	prometheus := startPrometheus(t, server.url)

	t.Run("one call is one trace from the dial to the verdict", func(t *testing.T) { seeTraces(t, collector) })
	t.Run("every query of the dashboard and of the alerts finds a series", func(t *testing.T) { seeSeries(t, prometheus) })
	t.Run("traces and metrics have no personal data", func(t *testing.T) {
		collector.mu.Lock()
		defer collector.mu.Unlock()
		text := collector.everything.String()
		for what, pattern := range map[string]string{
			"a phone number": `\+1555[0-9]{7}|%2B1555`, "a URL with a query": `https?://[^"\s]*\?`, "an argument": `callId=`, "a token": server.token,
		} {
			if found := regexp.MustCompile(pattern).FindString(text); found != "" {
				at := strings.Index(text, found)
				t.Errorf("%s: …%s…", what, text[max(0, at-200):min(len(text), at+200)])
			}
		}
		for _, person := range demo.OatDrink().People {
			for _, line := range person.Lines {
				if strings.Contains(text, line.Say) {
					t.Errorf("what somebody said: %s", line.Say)
				}
			}
		}
		for _, name := range []string{"iagent.calls", "iagent.backlog.age", "iagent.webhook.duration"} {
			if !strings.Contains(text, `"`+name+`"`) {
				t.Errorf("no metric %s arrived over OTLP", name)
			}
		}
	})
}

// live is a server after a campaign, still serving.
type live struct{ url, token string }

// run plays a demo and keeps its server up until the test ends.
func run(t *testing.T) live {
	t.Helper()
	var server live
	out := &e2e.LogBuffer{}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	options := demo.Options{Calls: 8, Seed: 1, Out: out, Keep: true, Within: 5 * time.Minute, Faults: &simulator.Faults{Duplicate: 0.3},
		Configure: func(c *app.Config) { server.url, server.token = c.URL, c.AuthToken }}
	go func() { ended <- demo.Run(ctx, options) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !strings.Contains(err.Error(), "promises were broken") { // too slow a machine is not our matter here
			t.Errorf("%v\n%s", err, out)
		}
	})
	e2etest.Within(t, 5*time.Minute, func() error {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the demo ended: %v\n%s", err, out)
		default:
		}
		if !strings.Contains(out.String(), "Still serving") {
			return errNotYet
		}
		return nil
	})
	return server
}

// forge sends a webhook that Twilio did not sign.
func forge(t *testing.T, server string) {
	t.Helper()
	answer, err := http.PostForm(server+"/api/webhooks/twilio/status?callId=1", url.Values{"CallSid": {"CA1"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Fatalf("a forged webhook: %s", answer.Status)
	}
}

// seeTraces finds the trace of a call of which a verdict came, and holds that it is whole.
func seeTraces(t *testing.T, collector *receiver) {
	var whole *tree
	e2etest.Eventually(t, func() error {
		for _, trace := range collector.traces() {
			if trace.has("run validate-claim", "POST /v1/chat/completions") && trace.has("call", "webhook status") {
				whole = trace
				return nil
			}
		}
		return errNotYet
	})
	t.Logf("trace %s:\n%s", whole.id, whole)
	if path := os.Getenv("OBSERVE_TREE"); path != "" {
		if err := os.WriteFile(path, []byte(whole.String()), 0o600); err != nil {
			t.Error(err)
		}
	}
	if len(whole.roots) != 1 || whole.orphan != 0 {
		t.Errorf("%d roots and %d spans without their parent", len(whole.roots), whole.orphan)
	}
	for _, want := range [][2]string{
		{"call", "run orchestrate-call"}, {"run orchestrate-call", "POST /2010-04-01/Accounts/{id}/Calls.json"},
		{"call", "webhook voice"}, {"webhook ", "webhook batch"}, {"webhook batch", "COMMIT"}, {"call", "webhook consent"}, {"call", "webhook status"}, {"call", "webhook recording"},
		{"call", "run transcribe-recording"}, {"run transcribe-recording", "GET /2010-04-01/Accounts/{id}/Recordings/{id}"},
		{"run transcribe-recording", "POST /v1/audio/transcriptions"}, {"run transcribe-recording", "COMMIT"},
		{"call", "run extract-claims"}, {"run extract-claims", "POST /v1/chat/completions"}, {"run validate-claim", "UPDATE hypotheses"},
	} {
		if !whole.has(want[0], want[1]) {
			t.Errorf("no span %q below %q", want[1], want[0])
		}
	}
	for id, span := range whole.spans {
		if strings.HasPrefix(span.Name, "webhook ") && span.Name != "webhook batch" && !whole.hasBelow(id, "webhook batch") && len(span.Links) == 0 {
			t.Errorf("%s has neither a commit nor a link to the one that it shares", span.Name)
		}
	}
	for _, trace := range collector.traces() {
		calls := map[string]bool{}
		for _, span := range trace.spans {
			for _, a := range span.Attributes {
				if a.Key == "iagent.call" && a.Value.GetStringValue() != "" {
					calls[a.Value.GetStringValue()] = true
				}
			}
		}
		if len(calls) > 1 {
			t.Errorf("trace %s is of %d calls", trace.id, len(calls))
		}
	}
}
