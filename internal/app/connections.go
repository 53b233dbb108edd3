package app

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// maxConnections bounds the open connections of the server. Each costs some tens of kilobytes, whoever opened it.
const maxConnections = 4096

// connections bounds how many connections are open at once. When one too many comes, the one that did nothing for the
// longest time is closed. So a client that opens many and sends nothing, or little, closes its own first, and a webhook, which
// is there and answered within milliseconds, never waits for one of them.
type connections struct {
	max int
	// onClosed, if set, is called for each connection that is closed to make room.
	onClosed func()

	mu     sync.Mutex
	oldest *list.List // of net.Conn, the one that changed its state first in front
	places map[net.Conn]*list.Element
}

func newConnections(most int, onClosed func()) *connections {
	return &connections{max: most, onClosed: onClosed, oldest: list.New(), places: map[net.Conn]*list.Element{}}
}

// changed is the ConnState hook of an http.Server.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	if excess := c.take(conn, state); excess != nil {
		_ = excess.Close()
		if c.onClosed != nil {
			c.onClosed()
		}
	}
}

// take notes a change and returns the connection to close, or nil.
func (c *connections) take(conn net.Conn, state http.ConnState) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	place, known := c.places[conn]
	switch state {
	case http.StateClosed, http.StateHijacked:
		if known {
			c.forget(place)
		}
		return nil
	case http.StateNew:
		c.places[conn] = c.oldest.PushBack(conn)
	case http.StateActive, http.StateIdle:
		if known {
			c.oldest.MoveToBack(place)
		}
	}
	if c.oldest.Len() <= c.max {
		return nil
	}
	first := c.oldest.Front()
	c.forget(first)
	excess, _ := first.Value.(net.Conn)
	return excess
}

func (c *connections) forget(place *list.Element) {
	conn, _ := c.oldest.Remove(place).(net.Conn)
	delete(c.places, conn)
}
