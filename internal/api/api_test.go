package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

const token = "a-token-of-the-test"

// server is the API over a database of the test's own.
type server struct {
	t     *testing.T
	url   string
	store *store.Store
	log   *bytes.Buffer
}

// eachDatabase runs a test against the API over SQLite and over Postgres.
func eachDatabase(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	storetest.EachAtOnce(t, func(t *testing.T, url string) { test(t, serve(t, opened(t, url))) })
}

// onSQLite is for what happens before the database is asked.
func onSQLite(t *testing.T) *server { return serve(t, opened(t, storetest.SQLite(t))) }

func serve(t *testing.T, s *store.Store) *server {
	t.Helper()
	var log bytes.Buffer
	h := httptest.NewServer(api.New(api.Config{Store: s, AdminToken: token, Log: slog.New(slog.NewTextHandler(&log, nil))}))
	t.Cleanup(h.Close)
	return &server{t: t, url: h.URL, store: s, log: &log}
}

func opened(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if db := s.SQLite(); db != nil {
		// These tests kill no machine, so they need not wait for the disk at every commit.
		if _, err := db.ExecContext(t.Context(), "PRAGMA synchronous = OFF"); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// reply is an answer of the API.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

// do sends a request with the token; headers are "Name: value", and one without a value is left out.
func (s *server) do(method, path, body string, headers ...string) reply {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if value == "" {
			r.Header.Del(name)
		} else {
			r.Header.Set(name, value)
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{s.t, res.StatusCode, res.Header, string(text)}
}

func (s *server) get(path string) reply { s.t.Helper(); return s.do("GET", path, "") }

// want asserts the status and returns the answer decoded.
func (r reply) want(status int) object {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("answered %d %s, want %d", r.status, r.text, status)
	}
	if got := r.header.Get("Content-Type"); got != "application/json" {
		r.t.Errorf("Content-Type %q", got)
	}
	if r.header.Get("Cache-Control") != "no-store" || r.header.Get("X-Content-Type-Options") != "nosniff" {
		r.t.Errorf("headers %v", r.header)
	}
	var o object
	if err := json.Unmarshal([]byte(r.text), &o); err != nil {
		r.t.Fatalf("%s: %v", r.text, err)
	}
	if _, isError := o["error"].(string); isError != (status >= 400) && o["id"] == nil {
		r.t.Errorf("%d %s", status, r.text)
	}
	return o
}

// wantError asserts the whole answer of an error that names no fields.
func (r reply) wantError(status int, message string) {
	r.t.Helper()
	if o := r.want(status); o["error"] != message || len(o) != 1 {
		r.t.Errorf("answered %s, want only the error %q", r.text, message)
	}
}

// object is decoded JSON.
type object map[string]any

func (o object) text(name string) string { s, _ := o[name].(string); return s }

// list is the array of that name; it fails for null.
func (o object) list(t *testing.T, name string) []object {
	t.Helper()
	values, ok := o[name].([]any)
	if !ok {
		t.Fatalf("%s is %v, want a list", name, o[name])
	}
	out := make([]object, len(values))
	for i, v := range values {
		out[i], _ = v.(map[string]any)
	}
	return out
}

// keys asserts that the object has these names and no other.
func (o object) keys(t *testing.T, names string) {
	t.Helper()
	want := map[string]bool{}
	for _, name := range strings.Fields(names) {
		want[name] = true
		if _, ok := o[name]; !ok {
			t.Errorf("%s is missing in %v", name, o)
		}
	}
	for name := range o {
		if !want[name] {
			t.Errorf("unexpected %s in %v", name, o)
		}
	}
}

func TestUnknownPathOrMethodIsAnsweredInJSON(t *testing.T) {
	s := onSQLite(t)
	for _, path := range []string{"/", "/api", "/api/", "/api/nothing", "/api/campaigns/", "/api//campaigns", "/api/calls/../campaigns",
		"/api/campaigns/x/y", "/index.html", "/healthz/", "/api/webhooks/x/replay"} {
		s.get(path).wantError(404, "Not found")
	}
	s.do("POST", "/api//campaigns", `{"name":"n"}`).wantError(404, "Not found")
	for _, tc := range []struct{ method, path, allow string }{
		{"DELETE", "/api/campaigns", "GET, HEAD, POST"},
		{"PUT", "/api/campaigns/x", "GET, HEAD, PATCH"},
		{"GET", "/api/campaigns/x/calls", "POST"},
		{"POST", "/api/calls", "GET, HEAD"},
		{"DELETE", "/api/calls/x", "GET, HEAD"},
		{"POST", "/api/hypotheses/x", "GET, HEAD"},
		{"POST", "/api/webhooks", "GET, HEAD"},
		{"POST", "/healthz", "GET, HEAD"},
		{"OPTIONS", "/readyz", "GET, HEAD"},
	} {
		r := s.do(tc.method, tc.path, "")
		r.wantError(405, "Method not allowed")
		if got := r.header.Get("Allow"); got != tc.allow {
			t.Errorf("%s %s: Allow %q, want %q", tc.method, tc.path, got, tc.allow)
		}
	}
	if r := s.do("HEAD", "/api/campaigns", ""); r.status != 200 || r.text != "" {
		t.Errorf("HEAD: %d %q", r.status, r.text)
	}
}

func TestBrokenBodyIsRefused(t *testing.T) {
	s := onSQLite(t)
	for _, tc := range []struct {
		body    string
		status  int
		message string
	}{
		{`{"name":"n"`, 400, "Malformed JSON: it ends too early"},
		{`{"name":1}`, 400, "Malformed JSON: name must not be a number"},
		{`{"hypotheses":[{"question":true}]}`, 400, "Malformed JSON: hypotheses.question must not be a bool"},
		{`{"nmae":"n"}`, 400, `Malformed JSON: unknown field "nmae"`},
		{`{"name":"n"} {}`, 400, "Malformed JSON: more than one value"},
		{`[]`, 400, "Body must be a JSON object"},
		{`null`, 400, "Body must be a JSON object"},
		{"  ", 400, "Body must be a JSON object"},
		{"{\"name\":\"\xff\"}", 400, "Malformed JSON: not UTF-8"},
		{`{"name":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "Body is over 1 MiB"},
	} {
		s.do("POST", "/api/campaigns", tc.body).wantError(tc.status, tc.message)
	}
	for _, header := range []string{"Content-Type", "Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded",
		"Content-Type: application/json; charset=latin1"} {
		s.do("POST", "/api/campaigns", `{"name":"n"}`, header).wantError(415, "Content-Type must be application/json")
	}
	s.do("POST", "/api/campaigns", `{"name":"n"}`, "Content-Type: application/json; charset=UTF-8").want(201)
}

func TestImpossibleIDsAndCursorsAreRefused(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *server) {
		long := strings.Repeat("x", 65)
		for _, id := range []string{"%00", "%ff", "a%20b", "%E2%82%AC", long} {
			s.get("/api/campaigns/"+id).wantError(404, "Campaign not found")
			s.get("/api/calls/"+id).wantError(404, "Call not found")
			s.get("/api/hypotheses/"+id).wantError(404, "Hypothesis not found")
			s.get("/api/webhooks/"+id).wantError(404, "Webhook not found")
			s.do("PATCH", "/api/campaigns/"+id, `{}`).wantError(404, "Campaign not found")
			s.do("POST", "/api/campaigns/"+id+"/calls", `{"phoneNumbers":["+15550000001"]}`).wantError(404, "Campaign not found")
			for _, list := range []string{"campaigns", "calls", "webhooks"} {
				s.get("/api/"+list+"?cursor="+id).wantError(400, "cursor is not one of ours")
				s.get("/api/"+list+"?cursor=garbage").wantError(400, "cursor is not one of ours")
			}
			s.get("/api/calls?campaignId="+id).wantError(400, "campaignId is not an id")
			s.get("/api/webhooks?callId="+id).wantError(400, "callId is not an id")
			s.get("/api/webhooks?kind="+id).wantError(400, "kind is not an id")
		}
		for _, limit := range []string{"0", "-1", "x", "1.5"} {
			s.get("/api/calls?limit="+limit).wantError(400, "limit must be a number from 1 to 200")
		}
		for _, limit := range []string{"1", "200", "201", "99999999999999999999"} {
			s.get("/api/calls?limit=" + limit).want(200)
		}
		s.get("/api/calls?status=completed").wantError(400, "status is not one of a call")
		s.get("/api/webhooks?outcome=lost").wantError(400, "outcome must be accepted, duplicate, conflict, failed, refused or forced")
	})
}

func TestDatabaseFaultIsLoggedAndNotToldToTheClient(t *testing.T) {
	s := onSQLite(t)
	id := s.campaign("ACTIVE")
	s.store.Close()
	s.get("/api/campaigns").wantError(500, "Internal server error")
	s.get("/api/calls/x").wantError(500, "Internal server error")
	s.do("POST", "/api/campaigns/"+id+"/calls", `{"phoneNumbers":["+15551234567"]}`).wantError(500, "Internal server error")
	log := s.log.String()
	if strings.Count(log, "api request failed") != 3 || !strings.Contains(log, "path=/api/calls/x") {
		t.Errorf("log: %s", log)
	}
	if strings.Contains(log, "1555123") || strings.Contains(log, token) {
		t.Errorf("a secret is in the log: %s", log)
	}
}

func TestUnknownQueryParameterIsNamed(t *testing.T) {
	s := onSQLite(t)
	for path, message := range map[string]string{
		"/api/calls?campaign=x&limit=5":  `Unknown query parameter "campaign": use limit, cursor, status, campaignId, phoneNumber, callSid, errorCode, sipResponse, consentGiven, simulated, direction, minAttempt, claims, disposition, since, until, awaiting, overdue, twilioSid`,
		"/api/campaigns?state=ACTIVE":    `Unknown query parameter "state": use limit, cursor, status, name`,
		"/api/overdue?kind=dial":         `Unknown query parameter "kind": use limit, cursor`,
		"/api/runs?State=failed":         `Unknown query parameter "State": use limit, cursor, state, function, callId, error, lastError, since, until`,
		"/api/webhooks?outcomes=failed":  `Unknown query parameter "outcomes": use limit, cursor, outcome, kind, callId, callSid, campaignId, error, since, until`,
		"/api/webhooks?outcome=%zz":      "Malformed query",
		"/api/calls?status=BUSY;limit=1": "Malformed query",
	} {
		s.get(path).wantError(400, message)
	}
}
