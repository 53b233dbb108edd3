package telemetry_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/telemetry"
)

func TestRepeatedLinesAreCountedNotWritten(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	counted := telemetry.NewCountedLog(log, time.Minute, func() time.Time { return now })
	write := func(key string, n int) {
		for i := range n {
			counted.Log(t.Context(), slog.LevelWarn, key, "refused "+key, slog.Int("n", i))
		}
	}
	lines := func(want ...string) {
		t.Helper()
		if got := strings.TrimSpace(out.String()); got != strings.Join(want, "\n") {
			t.Errorf("written:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
		}
		out.Reset()
	}

	write("a", 40_000)
	write("b", 1)
	lines(`level=WARN msg="refused a" n=0`, `level=WARN msg="refused b" n=0`)
	counted.Flush(t.Context())
	lines("")

	now = now.Add(time.Minute)
	counted.Flush(t.Context())
	lines(fmt.Sprintf(`level=WARN msg="refused a" n=39999 heldBack=1m0s more=%d`, 39_998))
	counted.Flush(t.Context())
	write("a", 2)
	lines("")

	now = now.Add(time.Minute)
	write("a", 1)
	lines(`level=WARN msg="refused a" n=0 more=2`)
	counted.Log(t.Context(), slog.LevelDebug, "c", "too low")
	lines("")
}
