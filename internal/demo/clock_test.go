package demo

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// TestDemoRunsAtAnyTimeOfDay begins demos at each hour of a year: it is day where people are called, night where they wait until
// the end, and the clock is never ahead of the machine's.
func TestDemoRunsAtAnyTimeOfDay(t *testing.T) {
	t.Parallel()
	hours := interview.CallingHours{{Days: "mon-sun", From: opens, To: closes}}
	zone := func(name string) *time.Location {
		found, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	day, night := zone(daytimeZone), zone(nightZone)
	first := time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC)
	for now := first; now.Before(first.AddDate(1, 0, 0)); now = now.Add(time.Hour) {
		start, err := beginning(now)
		if err != nil {
			t.Fatal(err)
		}
		last := start.Add(ahead)
		if last.After(now) {
			t.Fatalf("at %s the demo ends at %s, which is to come", now, last)
		}
		for _, at := range []time.Time{start, start.Add(time.Hour), last} {
			if !hours.Open(at, day, nil) || hours.Open(at, night, nil) {
				t.Fatalf("at %s the demo shows %s: %s there, %s there", now, at, at.In(day), at.In(night))
			}
		}
	}
}
