package e2etest

import (
	"testing"
	"time"
)

// Eventually asks until the answer is nil. After within it fails the test with the last answer.
func Eventually(t testing.TB, within time.Duration, ask func() error) {
	t.Helper()
	deadline := time.NewTimer(within)
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
			t.Fatalf("after %s: %v", within, err)
		case <-t.Context().Done():
			t.Fatalf("the test ended: %v", err)
		case <-ticker.C:
		}
	}
}

// Receive waits for a value of a channel, or its end.
func Receive[T any](t testing.TB, within time.Duration, from <-chan T, what string) T {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	select {
	case value := <-from:
		return value
	case <-deadline.C:
		t.Fatalf("waited %s for %s", within, what)
		panic("unreachable")
	}
}
