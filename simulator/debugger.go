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
}

// Debugger lists the entries so far, in the order in which they were found.
func (s *Simulator) Debugger() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Entry(nil), s.entries...)
}

// complain adds an entry at the call's present moment.
func (c *call) complain(code int, level, url, message string) {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	c.sim.entries = append(c.sim.entries, Entry{
		At: c.now, CallSid: c.sid, Code: code, Level: level, Message: message, URL: url,
	})
}
