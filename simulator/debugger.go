package simulator

import "time"

// DebuggerEntry is what Twilio would show in its Debugger: something that an application did wrong.
type DebuggerEntry struct {
	At         time.Time `json:"at"`                   // in the virtual time of the call or message
	CallSid    string    `json:"callSid"`              // empty for a message
	MessageSid string    `json:"messageSid,omitempty"` // empty for a call
	Code       int       `json:"code"`                 // Twilio's error code; 0 is a remark of the simulator itself
	Level      string    `json:"level"`                // "error" or "warning"
	Message    string    `json:"message"`              // what went wrong, as a sentence
	URL        string    `json:"url,omitempty"`        // the request it is about
	// Fault is set when the request went wrong on purpose: then the entry says nothing about the application.
	Fault Fault `json:"fault,omitempty"`
}

// Debugger lists the entries so far, in the order in which they were found.
func (s *Simulator) Debugger() []DebuggerEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]DebuggerEntry(nil), s.entries...)
}

// debug adds an entry at the present virtual time.
func (s *session) debug(code int, level, url, message string) {
	s.note(DebuggerEntry{Code: code, Level: level, Message: message, URL: url})
}

// debugDelivery adds an entry about a delivery, with the fault that caused it, if one did.
func (s *session) debugDelivery(d Delivery, code int, level, message string) {
	e := DebuggerEntry{Code: code, Level: level, Message: message, URL: d.URL}
	if d.injected() {
		e.Fault = d.Fault
		if len(d.Also) > 0 {
			e.Fault = d.Also[len(d.Also)-1]
		}
	}
	s.note(e)
}

func (s *session) note(e DebuggerEntry) {
	s.set(func() {
		e.At = s.now
		e.CallSid, e.MessageSid = s.sids()
		s.sim.entries = append(s.sim.entries, e)
	})
}
