package rejection

import (
	"container/list"
	"sync"
	"time"
)

// Bounds of what is held in memory, for each of the two classes of a held.
const (
	heldCount = 256
	heldBytes = 4 << 20
	heldFor   = time.Hour
)

// held are refused requests with all that was sent, by the ids of their rejections. Those that nothing explains are bounded apart
// from the others, so that a flood of forged requests displaces none of Twilio's.
type held struct {
	mu      sync.Mutex
	classes [2]ring
	byID    map[string]*list.Element
}

// ring holds requests, the oldest in front.
type ring struct {
	requests *list.List // of *heldRequest
	bytes    int
}

type heldRequest struct {
	id      string
	request *Request
	class   int
	until   time.Time
}

func newHeld() *held {
	return &held{classes: [2]ring{{requests: list.New()}, {requests: list.New()}}, byID: map[string]*list.Element{}}
}

// put holds a request, and lets the oldest of its class go.
func (h *held) put(id string, r *Request, explained bool, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	class := 0
	if explained {
		class = 1
	}
	ring := &h.classes[class]
	h.byID[id] = ring.requests.PushBack(&heldRequest{id: id, request: r, class: class, until: now.Add(heldFor)})
	ring.bytes += r.size()
	for ring.requests.Len() > heldCount || ring.bytes > heldBytes {
		h.drop(ring.requests.Front())
	}
}

// get returns a held request, nil when it is not held any more.
func (h *held) get(id string) *Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	element := h.byID[id]
	if element == nil {
		return nil
	}
	entry, _ := element.Value.(*heldRequest)
	return entry.request
}

// expire lets those go that were held for long enough.
func (h *held) expire(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.classes {
		for element := h.classes[i].requests.Front(); element != nil; element = h.classes[i].requests.Front() {
			if entry, _ := element.Value.(*heldRequest); now.Before(entry.until) {
				break
			}
			h.drop(element)
		}
	}
}

func (h *held) drop(element *list.Element) {
	entry, _ := element.Value.(*heldRequest)
	ring := &h.classes[entry.class]
	ring.requests.Remove(element)
	ring.bytes -= entry.request.size()
	delete(h.byID, entry.id)
}
