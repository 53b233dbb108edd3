package telemetry_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/i-agent/iagent/internal/telemetry"
)

func TestGaugesVanishWhileTheDatabaseIsAway(t *testing.T) {
	tel := setup(t)
	if text := scrape(t, tel); strings.Contains(text, "iagent_database_up") {
		t.Error("the database is said to be up or down before it was read")
	}
	measure(tel)
	tel.Database(nil)
	text := scrape(t, tel)
	if !strings.Contains(text, "\niagent_database_up 0\n") || strings.Contains(text, "iagent_backlog_age_seconds ") || strings.Contains(text, "iagent_runs_dead{") {
		t.Errorf("while the database is away:\n%s", text)
	}
}

// traced is a Telemetry that sends traces to nobody who listens.
func traced(t testing.TB, sampler, arg string) *telemetry.Telemetry {
	t.Helper()
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(collector.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", collector.URL+"/v1/traces")
	t.Setenv("OTEL_TRACES_SAMPLER", sampler)
	t.Setenv("OTEL_TRACES_SAMPLER_ARG", arg)
	tel, err := telemetry.Setup(context.Background(), telemetry.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tel.Shutdown(context.Background()) })
	return tel
}

// TestWebhookOfACallThatIsNotSampledAllocatesNothing, neither without a collector nor with one that is sent no trace.
func TestWebhookOfACallThatIsNotSampledAllocatesNothing(t *testing.T) {
	for name, tel := range map[string]*telemetry.Telemetry{
		"no telemetry": nil, "no collector": setup(t), "sampling 0": traced(t, "parentbased_traceidratio", "0"),
	} {
		ctx, at := t.Context(), time.Now()
		if n := testing.AllocsPerRun(1000, func() {
			ctx, span := tel.StartWebhook(ctx, telemetry.Webhook{Kind: "status", Event: "CA1:status:ringing", Call: "01JD4Z9GZ5W5T5V5X5Y5Z5A5B5", At: at})
			if telemetry.Sampled(ctx) {
				t.Error("it is sampled")
			}
			span.End("accepted", "")
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestProcessesAgreeOnTheTraceOfACall: two processes share nothing but the call's id.
func TestProcessesAgreeOnTheTraceOfACall(t *testing.T) {
	one, two := traced(t, "", ""), traced(t, "traceidratio", "0.25")
	sampled := 0
	const calls = 2000
	for i := range calls {
		// Calls that are created together have nearly the same id.
		call := fmt.Sprintf("01JD4Z9GZ5W5T5V5X5Y5Z%05d", i)
		first, _ := one.StartWebhook(t.Context(), telemetry.Webhook{Kind: "voice", Call: call})
		second, span := two.StartWebhook(t.Context(), telemetry.Webhook{Kind: "status", Call: call})
		again, _ := two.StartWebhook(t.Context(), telemetry.Webhook{Kind: "recording", Call: call})
		if telemetry.Sampled(second) != telemetry.Sampled(again) {
			t.Fatalf("call %s is sampled in part", call)
		}
		if !span.Recording() {
			continue
		}
		sampled++
		if a, b := trace.SpanContextFromContext(first), trace.SpanContextFromContext(second); a.TraceID() != b.TraceID() || a.SpanID() == b.SpanID() {
			t.Fatalf("call %s: %v and %v", call, a, b)
		}
	}
	if sampled < calls/5 || sampled > calls*3/10 {
		t.Errorf("%d of %d calls are sampled, want a quarter", sampled, calls)
	}
}

func BenchmarkWebhookOfACallThatIsNotSampled(b *testing.B) {
	tel := traced(b, "parentbased_traceidratio", "0")
	ctx, at := b.Context(), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		_, span := tel.StartWebhook(ctx, telemetry.Webhook{Kind: "status", Event: "CA1:status:ringing", Call: "01JD4Z9GZ5W5T5V5X5Y5Z5A5B5", At: at})
		span.End("accepted", "")
	}
}

func TestUnknownSamplerIsAnError(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
	for _, wrong := range [][2]string{{"jaeger_remote", ""}, {"traceidratio", "half"}, {"traceidratio", "2"}} {
		t.Setenv("OTEL_TRACES_SAMPLER", wrong[0])
		t.Setenv("OTEL_TRACES_SAMPLER_ARG", wrong[1])
		if _, err := telemetry.Setup(t.Context(), telemetry.Config{}); err == nil || !strings.Contains(err.Error(), "OTEL_TRACES_SAMPLER") {
			t.Errorf("%v: %v, want an error that names the variable", wrong, err)
		}
	}
}
