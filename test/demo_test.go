package test_test

import (
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
)

// TestDemoNeedsLittleTime runs the demo as a visitor does. What it may take is processor time, for how long it waits depends on what
// else the machine does; that nothing of it waits for long is bounded by the demo's own minute.
func TestDemoNeedsLittleTime(t *testing.T) {
	got := e2etest.Run(t, e2etest.Settings{}, "demo")
	if got.Exit != 0 {
		t.Errorf("iagent demo ended with %d:\n%s%s", got.Exit, got.Stdout, got.Stderr)
	}
	if got.CPU > 20*time.Second {
		t.Errorf("iagent demo took %s of processor time", got.CPU)
	}
	t.Logf("%s\n%s", got.CPU, got.Stdout)
	for _, row := range []string{"webhooks sent", "duplicates", "transcripts", "opted out, on the do-not-call list", "reached at the second attempt",
		"day, 09:00 in Asia/Tokyo", "verdicts on hypotheses", "lost: ", "doubled: "} {
		if !strings.Contains(got.Stdout, row) {
			t.Errorf("the closing table has no row %q:\n%s", row, got.Stdout)
		}
	}
	if strings.ContainsAny(got.Stdout, "\r\x1b") {
		t.Errorf("what is piped has control characters:\n%q", got.Stdout)
	}
}
