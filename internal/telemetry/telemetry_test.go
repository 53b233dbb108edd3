package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/telemetry"
)

func setup(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"} {
		t.Setenv(name, "")
	}
	tel, err := telemetry.Setup(t.Context(), telemetry.Config{Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tel.Shutdown(context.Background()) })
	return tel
}

// measure uses every instrument once.
func measure(tel *telemetry.Telemetry) {
	tel.Webhook("voice", "accepted", 3*time.Millisecond)
	tel.Rejected("status", "wrong signature")
	tel.SecondaryTokenUsed()
	tel.RateLimited()
	tel.Rejection("unknown-path")
	tel.RedisUp(true)
	tel.Run("orchestrate-call", "done", 2*time.Second)
	tel.Reconciled("recording")
	tel.Overdue(map[string]int{"end": 2, "run:transcribe-recording": 1})
	tel.Call(interview.CallCompleted)
	tel.RunRetried(interview.ExtractClaims)
	tel.Database(&telemetry.DatabaseGauges{Backlog: time.Minute, DeadRuns: map[string]int{"end-call": 2}, OpenCalls: map[string]int{"RINGING": 3},
		QueueJobs: map[[2]string]int{{"end-call", "available"}: 4}})
	_, webhook := tel.StartWebhook(context.Background(), telemetry.Webhook{Kind: "voice", Event: "CA1:voice", Call: "call-1", At: time.Now()})
	webhook.End("failed", "transient: database")
	_, run := tel.StartRun(context.Background(), interview.Run{ID: "run-1", Function: interview.ExtractClaims, Key: "call-1:RE1", Args: []byte(`{"callId":"call-1"}`)})
	run.End("done", "")
	now := time.Now()
	tel.CallEnded(interview.Call{ID: "call-1", DialedAt: &now})
}

func scrape(t *testing.T, tel *telemetry.Telemetry) string {
	t.Helper()
	w := httptest.NewRecorder()
	tel.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("GET /metrics: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestMetricsKeepTheirNames(t *testing.T) {
	tel := setup(t)
	measure(tel)
	text := scrape(t, tel)
	for _, line := range []string{
		`iagent_webhooks_total{kind="voice",outcome="accepted"} 1`,
		`iagent_webhook_duration_seconds_bucket{kind="voice",le="0.005"} 1`,
		`iagent_webhook_duration_seconds_bucket{kind="voice",le="0.0025"} 0`,
		`iagent_webhook_duration_seconds_count{kind="voice"} 1`,
		`iagent_webhook_rejections_total{kind="status",reason="wrong_signature"} 1`,
		`iagent_webhook_secondary_token_total 1`,
		`iagent_webhook_rate_limited_total 1`,
		`iagent_rejections_total{cause="unknown-path"} 1`,
		`iagent_redis_up 1`,
		`iagent_function_runs_total{function="orchestrate-call",result="done"} 1`,
		`iagent_function_run_duration_seconds_sum{function="orchestrate-call"} 2`,
		`iagent_reconciled_total{kind="recording"} 1`,
		`iagent_overdue{what="end"} 2`,
		`iagent_calls_total{status="COMPLETED"} 1`,
		`iagent_calls_total{status="FAILED"} 0`,
		`iagent_run_retries_total{function="extract-claims"} 1`,
		`iagent_database_up 1`,
		`iagent_backlog_age_seconds 60`,
		`iagent_reconciler_lag_seconds 0`,
		`iagent_runs_dead{function="end-call"} 2`,
		`iagent_calls_open{status="RINGING"} 3`,
		`iagent_queue_jobs{queue="end-call",state="available"} 4`,
		`iagent_overdue{what="run:transcribe-recording"} 1`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	for _, part := range []string{`service_version="1.2.3"`, "go_goroutines", "process_cpu_seconds_total", `iagent_build_info{commit=`, `go="go1.`, `version="1.2.3"} 1`} {
		if !strings.Contains(text, part) {
			t.Errorf("nothing about %s", part)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestMetricsFollowPrometheusConventions(t *testing.T) {
	tel := setup(t)
	measure(tel)
	problems, err := promlint.New(strings.NewReader(scrape(t, tel))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestLabelsNameNoCallAndNoPerson: a value that names a call or a person, or is one of too many, counts as "other".
func TestLabelsNameNoCallAndNoPerson(t *testing.T) {
	tel := setup(t)
	for _, value := range []string{"CA0123456789abcdef0123456789abcdef", "+15551234567", "01JD4Z9GZ5", "", "a\"b", strings.Repeat("x", 100), "\xff"} {
		tel.Webhook(value, "accepted", 0)
		tel.Webhook(value, "accepted", 0)
	}
	if text := scrape(t, tel); strings.Count(text, "\niagent_webhooks_total{") != 1 ||
		!strings.Contains(text, `iagent_webhooks_total{kind="other",outcome="accepted"} 14`) {
		t.Error(text)
	}
}

func TestTooManyLabelValuesDoNotFillPrometheus(t *testing.T) {
	tel := setup(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 26 * 26 {
				tel.Rejected("voice", "r"+string([]byte{byte('a' + i/26), byte('a' + i%26)}))
			}
		})
	}
	wg.Wait()
	text := scrape(t, tel)
	if n := strings.Count(text, "\niagent_webhook_rejections_total{"); n != 32 {
		t.Errorf("%d series, want 31 and other", n)
	}
	if want := fmt.Sprintf(`reason="other"} %d`, 4*(26*26-31)); !strings.Contains(text, want) {
		t.Errorf("no line with %s: something was not counted", want)
	}
}

func TestNilTelemetryMeasuresNothing(t *testing.T) {
	var tel *telemetry.Telemetry
	measure(tel)
	w := httptest.NewRecorder()
	tel.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("GET /metrics: %d, want 404", w.Code)
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// collector takes what is sent to it over OTLP.
type collector struct {
	mu    sync.Mutex
	paths map[string]string // to the body
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paths[r.URL.Path] += string(body)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func TestCollectorGetsMetricsAndTraces(t *testing.T) {
	got := &collector{paths: map[string]string{}}
	server := httptest.NewServer(got)
	defer server.Close()
	for _, tt := range []struct{ variable, value, want string }{
		{"OTEL_EXPORTER_OTLP_ENDPOINT", server.URL, "/v1/metrics /v1/traces"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", server.URL + "/only/traces", "/only/traces"},
		{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", server.URL + "/only/metrics", "/only/metrics"},
		{"OTEL_SERVICE_NAME", "nobody-asked", ""},
	} {
		t.Run(tt.variable, func(t *testing.T) {
			clear(got.paths)
			t.Setenv(tt.variable, tt.value)
			tel, err := telemetry.Setup(t.Context(), telemetry.Config{})
			if err != nil {
				t.Fatal(err)
			}
			measure(tel)
			for range 2 {
				if err := tel.Shutdown(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			got.mu.Lock()
			defer got.mu.Unlock()
			for path, body := range got.paths {
				if !strings.Contains(tt.want, path) {
					t.Errorf("unasked: %s", path)
				}
				if !strings.Contains(body, "iagent.webhooks") && !(strings.Contains(body, "webhook voice") && strings.Contains(body, "run extract-claims")) {
					t.Errorf("%s is empty", path)
				}
			}
			if want := strings.Fields(tt.want); len(got.paths) != len(want) {
				t.Errorf("sent to %d paths, want %s", len(got.paths), tt.want)
			}
		})
	}
}

func TestUnreachableCollectorStopsNothing(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", gone.URL)
	tel, err := telemetry.Setup(t.Context(), telemetry.Config{})
	if err != nil {
		t.Fatal(err)
	}
	measure(tel)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tel.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown without time: %v", err)
	}
}

func TestUnsupportedOTLPProtocolIsAnError(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	if _, err := telemetry.Setup(t.Context(), telemetry.Config{}); err == nil || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_PROTOCOL") {
		t.Errorf("got %v, want an error that names the variable", err)
	}
}

func BenchmarkWebhook(b *testing.B) {
	tel, err := telemetry.Setup(b.Context(), telemetry.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		tel.Webhook("status", "accepted", time.Millisecond)
	}
}

func TestGaugeOfWhatIsNoLongerOverdueIsZero(t *testing.T) {
	tel := setup(t)
	tel.Overdue(map[string]int{"end": 2})
	tel.Overdue(map[string]int{"dial": 1, "call 01M84CVCK0CYXHBR000ZDDV39D": 5})
	text := scrape(t, tel)
	for _, line := range []string{`iagent_overdue{what="end"} 0`, `iagent_overdue{what="dial"} 1`, `iagent_overdue{what="other"} 5`} {
		if !strings.Contains(text, line) {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
}
