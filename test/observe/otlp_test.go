package observe_test

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/telemetry"
)

// TestConfigurationsForDatadogAndNewRelicSendWhatTheseTake sets the variables of each file as they are, but for the host, which
// is a receiver of ours, and the sampling, which would leave the one call out.
func TestConfigurationsForDatadogAndNewRelicSendWhatTheseTake(t *testing.T) {
	for _, vendor := range []struct {
		file    string
		hosts   []string
		headers map[string]map[string]string // by path
	}{
		{"datadog.env", []string{"otlp.datadoghq.com"}, map[string]map[string]string{
			"/v1/metrics": {"Dd-Api-Key": "DATADOG_API_KEY"},
			"/v1/traces":  {"Dd-Api-Key": "DATADOG_API_KEY", "Dd-Otlp-Source": "datadoghq.com"},
		}},
		{"newrelic.env", []string{"otlp.nr-data.net"}, map[string]map[string]string{
			"/v1/metrics": {"Api-Key": "NEW_RELIC_LICENSE_KEY"}, "/v1/traces": {"Api-Key": "NEW_RELIC_LICENSE_KEY"},
		}},
	} {
		t.Run(vendor.file, func(t *testing.T) {
			got := newReceiver(t)
			hosts := setEnvironment(t, "../../deploy/otel/"+vendor.file, got.url)
			if !slices.Equal(hosts, vendor.hosts) {
				t.Errorf("sent to %v, want %v", hosts, vendor.hosts)
			}
			t.Setenv("OTEL_TRACES_SAMPLER_ARG", "1")
			use(t)
			got.mu.Lock()
			defer got.mu.Unlock()
			for path, headers := range vendor.headers {
				i := slices.IndexFunc(got.requests, func(h http.Header) bool { return h[":path"][0] == path })
				if i < 0 {
					t.Fatalf("nothing came to %s", path)
				}
				for name, value := range headers {
					if is := got.requests[i].Get(name); is != value {
						t.Errorf("%s: header %s is %q, want %q", path, name, is, value)
					}
				}
				if is := got.requests[i].Get("Content-Type"); is != "application/x-protobuf" {
					t.Errorf("%s: content type %q", path, is)
				}
			}
			for _, m := range got.metrics {
				if sum := m.GetSum(); sum != nil && sum.IsMonotonic && sum.AggregationTemporality != metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA {
					t.Errorf("metric %s is a total, not the change since the last report", m.Name)
				}
			}
			text := got.everything.String()
			for _, want := range []string{`"iagent.webhooks"`, `"webhook voice"`, `"run extract-claims"`, `"call"`, `"reconcile"`, "deployment.environment.name", `"iagent"`} {
				if !strings.Contains(text, want) {
					t.Errorf("%s did not arrive", want)
				}
			}
			if strings.Contains(text, "+1555") || strings.Contains(text, "API_KEY") || strings.Contains(text, "LICENSE_KEY") {
				t.Error("what was sent has a phone number or a key in it")
			}
		})
	}
}

// setEnvironment sets the variables of a file, with the receiver in place of the hosts, which it returns.
func setEnvironment(t *testing.T, file, receiver string) (hosts []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), "=")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		if strings.HasSuffix(name, "ENDPOINT") {
			endpoint, err := url.Parse(value)
			if err != nil || endpoint.Scheme != "https" {
				t.Fatalf("%s: %v", lines.Text(), err)
			}
			if !slices.Contains(hosts, endpoint.Host) {
				hosts = append(hosts, endpoint.Host)
			}
			value = receiver + endpoint.Path
		}
		t.Setenv(name, value)
	}
	return hosts
}

// use measures and traces a call.
func use(t *testing.T) {
	t.Helper()
	tel, err := telemetry.Setup(t.Context(), telemetry.Config{Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	const call = "01JD4Z9GZ5W5T5V5X5Y5Z5A5B5"
	now := time.Now()
	tel.Webhook("voice", "accepted", time.Millisecond)
	tel.Call(interview.CallCompleted)
	_, webhook := tel.StartWebhook(t.Context(), telemetry.Webhook{Kind: "voice", Event: "CA1:voice", Call: call, Source: "webhook", At: now})
	webhook.End("accepted", "")
	_, run := tel.StartRun(t.Context(), interview.Run{ID: "1", Function: interview.ExtractClaims, Args: []byte(`{"callId":"` + call + `"}`)})
	run.End("done", "")
	_, asked := tel.StartReconcile(t.Context(), call, "end")
	asked.End("done", "")
	tel.CallEnded(interview.Call{ID: call, PhoneNumber: "+15551234567", DialedAt: &now, Status: interview.CallCompleted})
	if err := tel.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}
