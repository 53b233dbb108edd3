package console

import (
	"testing"
	"time"
)

// What took a time is never shown as if it had taken none.
func TestShortTimeIsNotShownAsZero(t *testing.T) {
	for d, want := range map[time.Duration]string{24 * time.Microsecond: "24 µs", 99 * time.Microsecond: "99 µs", 120 * time.Microsecond: "0.1 ms", 999 * time.Nanosecond: "under 1 µs", 0: "0 s"} {
		if got := duration(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
	for n, want := range map[float64]string{0.024: "0.02", 0.004: "0.004", 0: "0", 0.12: "0.1", 9.5: "9.5", 20.4: "20"} {
		if got := plainNumber(n); got != want {
			t.Errorf("%v: %q, want %q", n, got, want)
		}
	}
}
