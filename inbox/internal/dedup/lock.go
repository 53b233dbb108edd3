package dedup

import (
	"context"
	"sync"
)

// eventLock lets one delivery of an event in at a time. The zero value is ready.
type eventLock struct {
	mu   sync.Mutex
	held map[string]*holders
}

// holders are the deliveries of one event: one holds the lock, the others wait for it.
type holders struct {
	lock  chan struct{}
	count int
}

// acquire waits until no other delivery of the event is in. Its error is ctx's.
func (l *eventLock) acquire(ctx context.Context, id string) (release func(), err error) {
	l.mu.Lock()
	h := l.held[id]
	if h == nil {
		if l.held == nil {
			l.held = map[string]*holders{}
		}
		h = &holders{lock: make(chan struct{}, 1)}
		l.held[id] = h
	}
	h.count++
	l.mu.Unlock()
	select {
	case h.lock <- struct{}{}:
		return func() {
			<-h.lock
			l.leave(id, h)
		}, nil
	case <-ctx.Done():
		l.leave(id, h)
		return nil, ctx.Err()
	}
}

func (l *eventLock) leave(id string, h *holders) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h.count--; h.count == 0 {
		delete(l.held, id)
	}
}
