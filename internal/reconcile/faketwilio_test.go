package reconcile_test

import (
	"cmp"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeTwilio stands in for Twilio's REST API: it answers for the calls and recordings that it was told of.
type fakeTwilio struct {
	*httptest.Server
	mu         sync.Mutex
	calls      []map[string]any // newest first, as Twilio lists them
	recordings map[string][]map[string]any
	busy       bool // answers 429
	// failing are the statuses of the next answers; 0 ends the connection without one.
	failing    []int
	retryAfter string // of the answers that fail
	refusing   bool   // answers 401
	// lists, when set, is what lists are answered with: a content type and a body.
	lists    func(r *http.Request) (string, string)
	requests []string
}

func newFakeTwilio(t *testing.T) *fakeTwilio {
	c := &fakeTwilio{recordings: map[string][]map[string]any{}}
	c.Server = httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(c.Close)
	return c
}

func (c *fakeTwilio) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, r.Method+" "+r.URL.Path)
	say := func(status int, body any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	base := path.Base(r.URL.Path)
	switch {
	case len(c.failing) > 0:
		status := c.failing[0]
		c.failing = c.failing[1:]
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Retry-After", c.retryAfter)
		say(status, map[string]any{"code": 20500, "message": "Try again", "status": status})
	case c.busy:
		say(429, map[string]any{"code": 20429, "message": "Too Many Requests", "status": 429})
	case c.refusing:
		say(401, map[string]any{"code": 20003, "message": "Authenticate", "status": 401})
	case r.Method != http.MethodGet:
		say(500, map[string]any{"code": 20500, "message": "nobody may place a call here", "status": 500})
	case c.lists != nil && (base == "Calls.json" || base == "Recordings.json"):
		kind, body := c.lists(r)
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	case base == "Calls.json":
		found := []map[string]any{}
		for _, call := range c.calls {
			if to := r.URL.Query().Get("To"); to == "" || to == call["to"] {
				found = append(found, call)
			}
		}
		say(200, map[string]any{"calls": found, "next_page_uri": nil})
	case base == "Recordings.json":
		found := append([]map[string]any{}, c.recordings[path.Base(path.Dir(r.URL.Path))]...)
		if !strings.Contains(r.URL.Path, "/Calls/") { // those of the account
			since, err := time.Parse(time.RFC3339, r.URL.Query().Get("DateCreated>"))
			if err != nil {
				say(400, map[string]any{"code": 20001, "message": "DateCreated", "status": 400})
				return
			}
			for _, of := range c.recordings {
				for _, recording := range of {
					if created, err := time.Parse(time.RFC1123Z, recording["start_time"].(string)); err == nil && !created.Before(since) {
						found = append(found, recording)
					}
				}
			}
		}
		say(200, map[string]any{"recordings": found, "next_page_uri": nil})
	default:
		for _, call := range c.calls {
			if call["sid"] == strings.TrimSuffix(base, ".json") {
				say(200, call)
				return
			}
		}
		say(404, map[string]any{"code": 20404, "message": "not found", "status": 404})
	}
}

// remote is a call at Twilio.
type remote struct {
	sid, to, status string
	created, ended  time.Time
	duration        string
	// from and direction are ours and "outbound-api" when they are "".
	from, direction string
	answeredBy      string
}

// has lets Twilio know a call, or know it anew.
func (c *fakeTwilio) has(r remote) {
	c.mu.Lock()
	defer c.mu.Unlock()
	call := map[string]any{"sid": r.sid, "account_sid": account, "to": r.to, "from": cmp.Or(r.from, ours), "status": r.status, "direction": cmp.Or(r.direction, "outbound-api"),
		"date_created": r.created.Format(time.RFC1123Z), "start_time": r.created.Format(time.RFC1123Z), "end_time": nil, "duration": nil}
	if !r.ended.IsZero() {
		call["end_time"] = r.ended.Format(time.RFC1123Z)
	}
	if r.answeredBy != "" {
		call["answered_by"] = r.answeredBy
	}
	if r.duration != "" {
		call["duration"] = r.duration
	}
	for i, old := range c.calls {
		if old["sid"] == r.sid {
			c.calls[i] = call
			return
		}
	}
	c.calls = append([]map[string]any{call}, c.calls...)
}

func (c *fakeTwilio) hasRecording(callSid, sid, status string, started time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recordings[callSid] = []map[string]any{{"sid": sid, "call_sid": callSid, "account_sid": account, "status": status,
		"channels": 2, "duration": "31", "start_time": started.Format(time.RFC1123Z)}}
}

// fails lets the next requests fail, each with a status.
func (c *fakeTwilio) fails(retryAfter string, statuses ...int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failing, c.retryAfter = statuses, retryAfter
}

// answers says what lists are answered with, nil for the truth.
func (c *fakeTwilio) answers(lists func(r *http.Request) (string, string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lists = lists
}

func (c *fakeTwilio) refuse(refusing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusing = refusing
}

// hasNoRecording lets Twilio forget the recordings of a call.
func (c *fakeTwilio) hasNoRecording(callSid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.recordings, callSid)
}

func (c *fakeTwilio) setBusy(busy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = busy
}

// asked is how many requests came since the last time.
func (c *fakeTwilio) asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.requests)
	c.requests = nil
	return n
}

// sid is a well-formed identifier for a short name, such as "CA1".
func sid(name string) string { return name[:2] + fmt.Sprintf("%x", md5.Sum([]byte(name))) }
