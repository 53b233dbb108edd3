package simulator

import "time"

// Entry is what Twilio would show in its Debugger: something that an application did wrong.
type Entry struct {
	At      time.Time `json:"at"` // on the call's own timeline
	CallSid string    `json:"callSid"`
	Code    int       `json:"code"`  // Twilio's error code; 0 is a remark of the simulator's own
	Level   string    `json:"level"` // "error" or "warning"
	Message string    `json:"message"`
	URL     string    `json:"url,omitempty"` // the request it is about
	// Fault is set when the request went wrong on purpose: then the entry says nothing of the application.
	Fault Fault `json:"fault,omitempty"`
}

// Debugger lists the entries so far, in the order in which they were found.
func (s *Simulator) Debugger() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Entry(nil), s.entries...)
}

// complain adds an entry at the call's present moment.
func (c *call) complain(code int, level, url, message string) {
	c.note(Entry{Code: code, Level: level, Message: message, URL: url})
}

// complainOf adds an entry about a delivery, with the fault that caused it, if one did.
func (c *call) complainOf(d Delivery, code int, level, message string) {
	e := Entry{Code: code, Level: level, Message: message, URL: d.URL}
	if d.injected() {
		e.Fault = d.Fault
		if len(d.Also) > 0 {
			e.Fault = d.Also[len(d.Also)-1]
		}
	}
	c.note(e)
}

func (c *call) note(e Entry) {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	e.At, e.CallSid = c.now, c.sid
	c.sim.entries = append(c.sim.entries, e)
}
