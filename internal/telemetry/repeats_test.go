package telemetry_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/telemetry"
)

func TestRepeatedWarningsAreWrittenOnceAPeriodWithTheirCount(t *testing.T) {
	var out bytes.Buffer
	log, err := telemetry.NewLogger(&out, "text", "info")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	repeats := telemetry.NewRepeats(log, time.Minute, func() time.Time { return now })
	quiet := repeats.Logger()
	for i := range 400 {
		quiet.With("run", fmt.Sprintf("01KB000000000000000000%04d", i)).Warn("run is tried again", "function", "extract-claims", "error", fmt.Sprintf("model: 503 from port %d", 4000+i))
		quiet.Warn("run is tried again", "function", "validate-claim", "error", "model: 503")
		quiet.Info("call ended", "call", i)
	}
	if got := strings.Count(out.String(), "run is tried again"); got != 2 {
		t.Errorf("%d lines for two kinds of warnings:\n%s", got, out.String())
	}
	if got := strings.Count(out.String(), "call ended"); got != 400 {
		t.Errorf("%d of 400 lines that are no warnings", got)
	}
	now = now.Add(time.Minute)
	repeats.Flush(t.Context())
	if got := strings.Count(out.String(), "more=398"); got != 2 {
		t.Errorf("the rest is not counted:\n%s", out.String()[max(0, out.Len()-600):])
	}

	out.Reset()
	repeats.Hold()
	for range 400 {
		quiet.Error("webhook", "outcome", "failed", "error", "transient: network: connection refused")
		quiet.Warn("run is tried again", "function", "x", "error", "transient: model: transcribing: timeout")
	}
	if held, last := repeats.Release(); held != 400 || !strings.Contains(last, "connection refused") {
		t.Errorf("%d were held, the last %q", held, last)
	}
	quiet.Error("webhook", "outcome", "failed", "error", "transient: network: timeout") // was under way
	if text := out.String(); strings.Contains(text, "refused") || strings.Contains(text, "network: timeout") || strings.Count(text, "model") != 1 {
		t.Errorf("written meanwhile:\n%s", text)
	}
}

func TestRequestsHaveAnIDThatIsNoPhoneNumber(t *testing.T) {
	var out bytes.Buffer
	log, err := telemetry.NewLogger(&out, "text", "info")
	if err != nil {
		t.Fatal(err)
	}
	handler := telemetry.RequestIDs(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		log.With("a", 1).InfoContext(r.Context(), "seen")
	}))
	for given, kept := range map[string]bool{
		"7f3a-22b1-request": true, "": false, "short": false, "15551234567": false, "call-15551234567": false, "with blank inside": false,
		"+15551234567": false, strings.Repeat("a", 65): false, "a\nb-forged-line": false,
	} {
		out.Reset()
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.Header["X-Request-Id"] = []string{given}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		id := w.Header().Get("X-Request-Id")
		if (id == given) != kept || len(id) < 8 || !strings.Contains(out.String(), "request="+id) {
			t.Errorf("%q became %q: %s", given, id, out.String())
		}
	}
}

func TestNumbersAreMaskedHoweverTheyAreWritten(t *testing.T) {
	r := telemetry.Redact()
	for _, text := range []string{
		"to +15557771234", "To=%2B15557771234", "To=%2b15557771234&a=b", "nested%252B15557771234", `{"to":"\u002b15557771234"}`, "&#43;15557771234", "&#x2B;15557771234",
		"15557771234", "(15557771234)", "15557771234,15557771234 15557771234", "+1 (555) 777-1234", "+1-555-777-1234", "+1.555.777.1234", "tel:15557771234", "whatsapp:+15557771234",
	} {
		if got := r.Text(text); strings.Contains(got, "777") || !strings.Contains(got, "1234") {
			t.Errorf("%s became %s", text, got)
		}
	}
	for _, text := range []string{
		"CA00000000000000000000000000000777", "2026-11-26T10:00:00.123456789Z", "backup-20261126.db", "after=1.123456789s", "01KB0000000000000000000000",
		"127.0.0.1:54321", "error 21211", "rc=5&rt=4500",
	} {
		if got := r.Text(text); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
}
