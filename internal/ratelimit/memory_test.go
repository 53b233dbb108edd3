package ratelimit

import (
	"fmt"
	"testing"
	"time"
)

func TestFloodOfAddressesDoesNotFillMemory(t *testing.T) {
	m := NewMemory(100, 100, nil)
	m.max = 100
	for i := range 10_000 {
		mustTake(t, m, fmt.Sprintf("10.0.%d.%d", i/256, i%256))
		if n := len(m.young) + len(m.old); n > 200 {
			t.Fatalf("after %d addresses %d are kept", i+1, n)
		}
	}
}

// TestBusyClientIsNotForgottenInAFlood: who keeps sending stays limited, however many others come and go.
func TestBusyClientIsNotForgottenInAFlood(t *testing.T) {
	now := time.Now()
	m := NewMemory(1, 1, func() time.Time { return now })
	m.max = 100
	mustTake(t, m, "192.0.2.1")
	for i := range 10_000 {
		mustTake(t, m, fmt.Sprintf("10.0.%d.%d", i/256, i%256))
		if i%50 == 0 {
			if ok, _, _ := m.Take(t.Context(), "192.0.2.1"); ok {
				t.Fatalf("a busy client's empty bucket was forgotten after %d others", i+1)
			}
		}
	}
}

func TestBucketRefillsEvenly(t *testing.T) {
	now := time.Now()
	m := NewMemory(60, 5, func() time.Time { return now })
	for range 5 {
		mustTake(t, m, "k")
	}
	passed := 0
	for range 100 { // 10 s in steps of 100 ms
		now = now.Add(100 * time.Millisecond)
		if ok, _, _ := m.Take(t.Context(), "k"); ok {
			passed++
		}
	}
	if passed < 9 || passed > 10 {
		t.Errorf("%d passed in 10 s at 60 a minute", passed)
	}
	now = now.Add(time.Hour)
	for range 5 {
		mustTake(t, m, "k")
	}
	if ok, _, _ := m.Take(t.Context(), "k"); ok {
		t.Error("an hour of rest filled the bucket beyond its burst")
	}
}

func mustTake(t *testing.T, m *Memory, key string) {
	t.Helper()
	if ok, after, err := m.Take(t.Context(), key); !ok || err != nil {
		t.Fatalf("taking for %s: %v, retry after %v, %v", key, ok, after, err)
	}
}

func BenchmarkMemory(b *testing.B) {
	m := NewMemory(100, 100, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := m.Take(b.Context(), "192.0.2.1"); err != nil {
			b.Fatal(err)
		}
	}
}
