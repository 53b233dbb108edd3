package e2etest

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

// Eventually asks until the answer is nil, for as long as the product may take for anything: a test is not to fail because its
// machine is slow. The last answer fails the test. What must have come sooner is asked for by [Within].
func Eventually(t testing.TB, ask func() error) {
	t.Helper()
	Within(t, e2e.RetriedWithin, ask)
}

// Within is Eventually for what the product promises within a time.
func Within(t testing.TB, promised time.Duration, ask func() error) {
	t.Helper()
	deadline := time.NewTimer(promised)
	defer deadline.Stop()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-deadline.C:
			t.Fatalf("after %s: %v", promised, err)
		case <-t.Context().Done():
			t.Fatalf("the test ended: %v", err)
		case <-ticker.C:
		}
	}
}

// Receive waits for a value of a channel, as long as Eventually does.
func Receive[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	deadline := time.NewTimer(e2e.RetriedWithin)
	defer deadline.Stop()
	select {
	case value := <-from:
		return value
	case <-deadline.C:
		t.Fatalf("waited %s for %s", e2e.RetriedWithin, what)
		panic("unreachable")
	}
}
