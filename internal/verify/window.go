package verify

import (
	"container/heap"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/store"
)

// window is when somebody was dialled within the time that a cap counts, in the order of time. What left it comes back no more, though
// clocks of different processes may differ.
type window []time.Time

// at moves the window to a time and returns how many dials are in it.
func (w *window) at(now time.Time) int {
	first, _ := slices.BinarySearchFunc(*w, now.Add(-capWindow), func(t, limit time.Time) int {
		if t.After(limit) {
			return 1
		}
		return -1
	})
	*w = (*w)[first:]
	return len(*w)
}

func (w *window) add(at time.Time) {
	place, _ := slices.BinarySearchFunc(*w, at, time.Time.Compare)
	*w = slices.Insert(*w, place, at)
}

// underWay are dials of calls that may not be over: a heap by when they were, the first to end on top.
type underWay []store.SnapshotDial

// at leaves out the calls that were over by a time, for good.
func (u *underWay) at(now time.Time) {
	for len(*u) > 0 && (*u)[0].CompletedAt != nil && !(*u)[0].CompletedAt.After(now) {
		heap.Pop(u)
	}
}

func (u *underWay) Len() int      { return len(*u) }
func (u *underWay) Swap(i, j int) { (*u)[i], (*u)[j] = (*u)[j], (*u)[i] }
func (u *underWay) Push(d any)    { *u = append(*u, d.(store.SnapshotDial)) }

// Less has calls without an end last.
func (u *underWay) Less(i, j int) bool {
	a, b := (*u)[i].CompletedAt, (*u)[j].CompletedAt
	return a != nil && (b == nil || a.Before(*b))
}

func (u *underWay) Pop() any {
	last := len(*u) - 1
	d := (*u)[last]
	*u = (*u)[:last]
	return d
}
