package simulator

import (
	"container/heap"
	"context"
	"fmt"
	"sync"
	"time"
)

// Clock is a virtual time that simulators and an application share ([Config.Clock]). It stands still while a call or a message has
// something to do, and moves when whoever holds it says so: a week passes as fast as the work of that week is done, and nothing
// is late because a machine is slow.
//
//	clock := simulator.NewClock(start)
//	sim, err := simulator.New(simulator.Config{Clock: clock, …})   // and the application gets clock.Now
//	for {
//		... // let the application do what is due at clock.Now()
//		if err := clock.WaitIdle(ctx); err != nil { … } // the calls have sent their webhooks, and wait for a later time
//		next, _ := clock.Next()                         // when the first of them goes on
//		clock.AdvanceTo(next)                           // or earlier, when the application has something to do
//	}
type Clock struct {
	mu       sync.Mutex
	now      time.Time
	working  int           // calls and messages that do not sleep
	idle     chan struct{} // closed while working is 0
	begun    uint64        // how often one of them set to work
	sleepers sleepers
	order    uint64 // of the next sleeper
}

// sleeper is a call or a message that waits for a time.
type sleeper struct {
	at    time.Time
	order uint64 // those of one moment go on in the order in which they fell asleep
	woken chan struct{}
	index int // in Clock.sleepers; -1 once it is awake
}

// NewClock returns a clock that stands at start.
func NewClock(start time.Time) *Clock {
	c := &Clock{now: start.UTC().Round(0), idle: make(chan struct{})}
	close(c.idle)
	return c
}

// Now is the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// WaitIdle returns once every call and message waits for a later time than now, or is over.
func (c *Clock) WaitIdle(ctx context.Context) error {
	for {
		c.mu.Lock()
		idle, working := c.idle, c.working
		c.mu.Unlock()
		if working == 0 {
			return nil
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d calls and messages that are at work: %w", working, context.Cause(ctx))
		}
	}
}

// Begun counts how often a call or a message set to work: created, or awake again. While it stays the same and the clock is idle, nobody
// has sent the application anything.
func (c *Clock) Begun() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begun
}

// Next is when the first call or message goes on; false when none waits.
func (c *Clock) Next() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sleepers) == 0 {
		return time.Time{}, false
	}
	return c.sleepers[0].at, true
}

// AdvanceTo moves the clock to a time and wakes whoever waits for one until then. It never moves back. Those who wait for
// different times between the old one and the new one all wake up at the new one, so whoever wants them in their own time
// advances to [Clock.Next] at most.
func (c *Clock) AdvanceTo(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t.UTC().Round(0)
	}
	for len(c.sleepers) > 0 && !c.sleepers[0].at.After(c.now) {
		c.awaken(c.sleepers[0])
	}
}

// begin counts a call or a message as at work, end no more.
func (c *Clock) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.work()
}

func (c *Clock) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rest()
}

// sleep waits until the clock has reached a time, ctx ends, or wake is called with the same sleeper. The caller has begun.
// changed, if there is something in it, keeps it from falling asleep.
func (c *Clock) sleep(ctx context.Context, s *sleeper, until time.Time, changed <-chan struct{}) {
	c.mu.Lock()
	if !until.After(c.now) || len(changed) > 0 {
		c.mu.Unlock()
		return
	}
	s.at, s.order, s.woken = until, c.order, make(chan struct{})
	c.order++
	heap.Push(&c.sleepers, s)
	c.rest()
	woken := s.woken
	c.mu.Unlock()
	select {
	case <-woken:
	case <-ctx.Done():
		c.wake(s)
	}
}

// wake wakes a sleeper early. It counts as at work before this returns, so that the clock cannot move on without it.
func (c *Clock) wake(s *sleeper) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.woken != nil && s.index >= 0 {
		c.awaken(s)
	}
}

// awaken, work and rest are called with mu held.
func (c *Clock) awaken(s *sleeper) {
	heap.Remove(&c.sleepers, s.index)
	c.work()
	close(s.woken)
}

func (c *Clock) work() {
	if c.working == 0 {
		c.idle = make(chan struct{})
	}
	c.working++
	c.begun++
}

func (c *Clock) rest() {
	if c.working--; c.working == 0 {
		close(c.idle)
	}
}

// sleepers is a heap, the first to wake up at its head.
type sleepers []*sleeper

func (s sleepers) Len() int { return len(s) }
func (s sleepers) Less(i, j int) bool {
	if s[i].at.Equal(s[j].at) {
		return s[i].order < s[j].order
	}
	return s[i].at.Before(s[j].at)
}
func (s sleepers) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

func (s *sleepers) Push(x any) {
	one := x.(*sleeper)
	one.index = len(*s)
	*s = append(*s, one)
}

func (s *sleepers) Pop() any {
	old := *s
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*s, last.index = old[:len(old)-1], -1
	return last
}
