package once

import (
	"context"
	"sync"
)

// gate lets one delivery of an event in at a time. The zero value is ready.
type gate struct {
	mu    sync.Mutex
	lines map[string]*line
}

// line is the deliveries of one event: the one that is in holds the place, the others wait for it.
type line struct {
	place chan struct{}
	count int
}

// enter waits until no other delivery of the event is in. Its error is ctx's.
func (g *gate) enter(ctx context.Context, id string) (leave func(), err error) {
	g.mu.Lock()
	l := g.lines[id]
	if l == nil {
		if g.lines == nil {
			g.lines = map[string]*line{}
		}
		l = &line{place: make(chan struct{}, 1)}
		g.lines[id] = l
	}
	l.count++
	g.mu.Unlock()
	select {
	case l.place <- struct{}{}:
		return func() {
			<-l.place
			g.forget(id, l)
		}, nil
	case <-ctx.Done():
		g.forget(id, l)
		return nil, ctx.Err()
	}
}

func (g *gate) forget(id string, l *line) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l.count--; l.count == 0 {
		delete(g.lines, id)
	}
}
