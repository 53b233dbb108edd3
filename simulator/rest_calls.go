package simulator

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// createCall answers POST Calls.json with the queued call.
func (s *Simulator) createCall(w http.ResponseWriter, r *http.Request) {
	s.create(w, r, s.checkCreate, func(params url.Values) (map[string]any, func()) {
		c := s.newCall(baseURL(r), params)
		s.queue(c)
		s.noteRepeat(callTo(c.to), c.sid, "")
		s.noteOptOut(c)
		s.begin()
		c.work()
		return c.resource(), func() { c.start(context.Background()) }
	})
}

// queue lets a call wait for its turn ([Config.CallsPerSecond]); the caller holds mu.
func (s *Simulator) queue(c *call) {
	if s.config.CallsPerSecond == 0 {
		return
	}
	c.begins = later(c.created, s.leaves)
	s.leaves = c.begins.Add(time.Duration(float64(time.Second) / s.config.CallsPerSecond))
}

// checkCreate says why Twilio would refuse a call, with its error code; 0 if it would not.
func (s *Simulator) checkCreate(p url.Values) (int, string) {
	to, from := p.Get("To"), p.Get("From")
	switch {
	case to == "":
		return 21201, "No 'To' number is specified"
	case from == "":
		return 21213, "'From' phone number is required"
	case !e164.MatchString(to):
		return 21211, "The phone number you are attempting to call, " + to + ", is not valid."
	case !e164.MatchString(from):
		return 21212, "The 'From' phone number provided (" + from + ") is not a valid phone number."
	case len(s.config.Numbers) > 0 && !slices.Contains(s.config.Numbers, from):
		return 21210, "The source phone number provided, " + from + ", is not yet verified for your account."
	case p.Get("Url") == "" && p.Get("Twiml") == "":
		return 21205, "Url parameter is required"
	case p.Get("Url") != "" && !absolute(p.Get("Url")):
		return 21205, "Url is not a valid URL: " + p.Get("Url")
	case p.Get("StatusCallback") != "" && !absolute(p.Get("StatusCallback")):
		return 21609, "StatusCallback is not a valid URL: " + p.Get("StatusCallback")
	case p.Get("FallbackUrl") != "" && !absolute(p.Get("FallbackUrl")):
		return 21205, "FallbackUrl is not a valid URL: " + p.Get("FallbackUrl")
	case len(p.Get("Twiml")) > 4000 && p.Get("Url") == "":
		return 21218, "Twiml is longer than 4000 characters"
	}
	for _, name := range []string{"Method", "FallbackMethod", "StatusCallbackMethod"} {
		if m := p.Get(name); m != "" && m != "GET" && m != "POST" {
			return 21209, name + " must be either GET or POST"
		}
	}
	return 0, ""
}

// listCalls answers GET Calls.json: newest first, filtered by To, From, Status and StartTime. A call that was not
// dialled yet has no start time, so no filter by start time finds it.
func (s *Simulator) listCalls(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, page(r, "calls", s.listed(r.URL.Query(), 0)))
}

// listed are the calls that a query selects, without those younger than lag.
func (s *Simulator) listed(q url.Values, lag time.Duration) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []map[string]any
	for _, c := range slices.Backward(s.calls) {
		switch {
		case c.deleted, c.callsIn && c.started.IsZero():
		case lag > 0 && s.config.Now().Sub(c.created) < lag:
		case q.Get("To") != "" && q.Get("To") != c.to:
		case q.Get("From") != "" && q.Get("From") != c.from:
		case q.Get("Status") != "" && q.Get("Status") != c.status:
		case q.Get("ParentCallSid") != "":
		case !within(q, "StartTime", c.started), !within(q, "EndTime", c.ended):
		default:
			found = append(found, c.resource())
		}
	}
	return found
}

// within applies the filters name=, name>= and name<= to a time. They know days of UTC, not hours.
func within(q url.Values, name string, at time.Time) bool {
	day := func(text string) (time.Time, bool) {
		if len(text) < len(time.DateOnly) {
			return time.Time{}, false
		}
		t, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)])
		return t, err == nil
	}
	of := at.UTC().Truncate(24 * time.Hour)
	for _, suffix := range []string{"", ">", "<"} {
		text := q.Get(name + suffix)
		if text == "" {
			continue
		}
		want, ok := day(text)
		if !ok {
			continue
		}
		if at.IsZero() || suffix == "" && !of.Equal(want) || suffix == ">" && of.Before(want) || suffix == "<" && of.After(want) {
			return false
		}
	}
	return true
}

func (s *Simulator) fetchCall(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.callOf(w, r); c != nil {
		answer(w, http.StatusOK, c.resource())
	}
}

// updateCall answers POST Calls/{CA}.json: it cancels a call that was not answered, ends one that was, or gives
// it other TwiML. What is over cannot be changed (21220).
func (s *Simulator) updateCall(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.callOf(w, r)
	if c == nil {
		return
	}
	p := r.PostForm
	u := update{status: p.Get("Status"), twiml: p.Get("Twiml"), url: p.Get("Url"), method: orPost(p.Get("Method"))}
	switch {
	case u.status != "" && u.status != "completed" && u.status != "canceled":
		refuse(w, http.StatusBadRequest, 21221, "Status must be canceled or completed")
	case !c.live():
		refuse(w, http.StatusBadRequest, 21220, "Call is not in-progress. Cannot redirect.")
	case u.status == "canceled" && c.status == "in-progress":
		refuse(w, http.StatusBadRequest, 21220, "Call is in-progress. Cannot cancel.")
	case u.status == "" && c.status != "in-progress":
		refuse(w, http.StatusBadRequest, 21220, "Call is not in-progress. Cannot redirect.")
	case u.status == "" && u.twiml == "" && u.url == "":
		refuse(w, http.StatusBadRequest, 21218, "Nothing to update: give Status, Twiml or Url")
	default:
		if u.status != "" {
			u.twiml, u.url = "", ""
		}
		c.requestUpdate(u)
		answer(w, http.StatusOK, c.resource())
	}
}

// deleteCall answers DELETE Calls/{CA}.json: 204 for a call that is over, and from then on 404. Its recordings stay. One that is
// not over cannot be deleted (20009).
func (s *Simulator) deleteCall(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c := s.callOf(w, r); {
	case c == nil:
	case c.live():
		refuse(w, http.StatusConflict, 20009, "Cannot delete this resource before it is complete")
	default:
		c.deleted = true
		w.WriteHeader(http.StatusNoContent)
	}
}

// callOf finds the call that the path names, or refuses with 404.
func (s *Simulator) callOf(w http.ResponseWriter, r *http.Request) *call {
	sid, _ := sidOf(r.PathValue("call"))
	c := s.bySid[sid]
	if c != nil && (c.deleted || c.callsIn && c.started.IsZero()) {
		c = nil
	}
	if c == nil {
		refuseUnknown(w, r)
	}
	return c
}

// resource is the call as the REST API shows it; the caller holds mu.
func (c *call) resource() map[string]any {
	uri := "/" + apiVersion + "/Accounts/" + c.sim.config.AccountSid + "/Calls/" + c.sid
	res := map[string]any{
		"sid": c.sid, "account_sid": c.sim.config.AccountSid, "api_version": apiVersion,
		"to": c.to, "to_formatted": c.to, "from": c.from, "from_formatted": c.from,
		"status": c.status, "direction": c.direction(), "answered_by": orNull(c.answeredBy),
		"date_created": dateOrNull(c.created), "date_updated": dateOrNull(c.now),
		"start_time": dateOrNull(c.started), "end_time": dateOrNull(c.ended), "duration": nil,
		"price": nil, "price_unit": "USD", "queue_time": strconv.FormatInt(max(c.begins.Sub(c.created), 0).Milliseconds(), 10),
		"parent_call_sid": nil, "phone_number_sid": nil, "forwarded_from": nil, "group_sid": nil, "caller_name": nil,
		"trunk_sid": nil, "uri": uri + ".json",
		"subresource_uris": map[string]string{"recordings": uri + "/Recordings.json", "events": uri + "/Events.json"},
	}
	if c.status == "completed" {
		res["duration"] = strconv.Itoa(c.seconds())
	}
	return res
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func dateOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return rfc2822(t)
}

func absolute(rawURL string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && (strings.EqualFold(u.Scheme, "http") || strings.EqualFold(u.Scheme, "https")) && u.Host != ""
}

func cloned(v url.Values) url.Values {
	out := make(url.Values, len(v))
	for name, values := range v {
		out[name] = slices.Clone(values)
	}
	return out
}
