package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// listEvents answers GET Calls/{CA}/Events.json: the request that created the call, and what the application was asked since and
// how it answered (Twilio: Call Event resource). Attempts that were repeated are not listed, nor are the copies and forgeries
// that Twilio would know nothing of. Twilio shows them a quarter of an hour after the call, the simulator at once.
func (s *Simulator) listEvents(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.callOf(w, r)
	if c == nil {
		return
	}
	var events []map[string]any
	if !c.inbound {
		created, _ := json.Marshal(map[string]string{"sid": c.sid}) // strings cannot fail
		calls := c.base + "/" + apiVersion + "/Accounts/" + s.config.AccountSid + "/Calls.json"
		events = append(events, callEvent("POST", calls, c.params, http.StatusCreated, 0, "application/json", string(created), c.created))
	}
	last := map[int]Delivery{} // by ordinal
	var order []int
	for _, d := range s.log {
		if d.CallSid != c.sid || d.Fault.forged() || d.Fault.repeats() {
			continue
		}
		if _, known := last[d.Ordinal]; !known {
			order = append(order, d.Ordinal)
		}
		last[d.Ordinal] = d
	}
	for _, n := range order {
		d := last[n]
		event := callEvent(d.Method, d.URL, d.Params, d.Status, d.Latency, d.ContentType, d.Body, d.At)
		if d.Status == 0 {
			event["response"] = nil
		}
		events = append(events, event)
	}
	answer(w, http.StatusOK, page(r, "events", events))
}

// callEvent is one request and its answer as the REST API shows them.
func callEvent(method, address string, params url.Values, status int, took time.Duration, contentType, body string, at time.Time) map[string]any {
	shown := map[string]string{}
	for name, values := range params {
		shown[snakeCase(name)] = strings.Join(values, " ")
	}
	return map[string]any{
		"request": map[string]any{"method": method, "url": address, "parameters": shown},
		"response": map[string]any{"response_code": status, "request_duration": took.Milliseconds(), "content_type": contentType,
			"response_body": body, "date_created": rfc2822(at)},
	}
}

// snakeCase is call_sid for CallSid.
func snakeCase(name string) string {
	var out strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
