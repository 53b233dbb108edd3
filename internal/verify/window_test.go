package verify

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/store"
)

// Each is counted as if all that there was were looked at again, also where clocks of processes differ.
func TestDialsOfADayAndCallsUnderWayAreCountedRight(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var w window
	var live underWay
	var all []time.Time
	var calls []store.SnapshotDial
	for range 3000 {
		now = now.Add(time.Duration(random.IntN(120)-20) * time.Minute)
		all = slices.DeleteFunc(all, func(at time.Time) bool { return !at.After(now.Add(-capWindow)) })
		if n := w.at(now); n != len(all) {
			t.Fatalf("%d dials within a day, not %d", n, len(all))
		}
		all = append(all, now)
		w.add(now)

		calls = slices.DeleteFunc(calls, func(c store.SnapshotDial) bool { return c.CompletedAt != nil && !c.CompletedAt.After(now) })
		if live.at(now); live.Len() != len(calls) {
			t.Fatalf("%d calls under way, not %d", live.Len(), len(calls))
		}
		var dial store.SnapshotDial
		if random.IntN(200) > 0 { // of a few nobody knows the end
			dial.CompletedAt = new(now.Add(time.Duration(random.IntN(600)) * time.Minute))
		}
		calls = append(calls, dial)
		heap.Push(&live, dial)
	}
	if len(all) < 2 || len(calls) < 2 {
		t.Errorf("%d, %d: nothing to count", len(all), len(calls))
	}
}
