package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/telemetry"
	"github.com/i-agent/iagent/internal/webhook"
)

const (
	saidWords  = "forty-two crates of marmalade"
	restSid    = "AC00000000000000000000000000000001"
	lineNumber = "+15557771234"
)

// writings are ways to write lineNumber, as Twilio or a model may.
var writings = []string{lineNumber, "15557771234", "(555) 777-1234", "1 555 777 1234", "555.777.1234", "%2B15557771234"}

// written finds lineNumber whatever stands between its digits.
var written = regexp.MustCompile(`777[^0-9A-Za-z]{0,4}1[^0-9A-Za-z]{0,4}2[^0-9A-Za-z]{0,4}3[^0-9A-Za-z]{0,4}4`)

func knows(text string) bool {
	return strings.Contains(text, saidWords) || strings.Contains(text, url.QueryEscape(saidWords)) || written.MatchString(text)
}

// repeatingServices are Twilio and a model server that repeat in their errors what they were sent.
type repeatingServices struct {
	mu sync.Mutex
	// fails says how each operation answers: its status, 0 for well.
	fails map[string]int
}

func (g *repeatingServices) status(op string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.fails[op]
}

func (g *repeatingServices) set(op string, status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fails[op] = status
}

func (g *repeatingServices) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := "end"
	switch {
	case strings.HasSuffix(r.URL.Path, "/chat/completions"):
		op = "chat"
	case strings.HasSuffix(r.URL.Path, "/transcriptions"):
		op = "hear"
	case r.Method == http.MethodDelete:
		op = "delete"
	case r.Method == http.MethodGet:
		op = "media"
	case strings.HasSuffix(r.URL.Path, "/Calls.json"):
		op = "create"
	}
	w.Header().Set("Content-Type", "application/json")
	if status := g.status(op); status != 0 {
		w.WriteHeader(status)
		words := "cannot take " + strings.Join(writings, " or ") + ", nor: " + saidWords
		_ = json.NewEncoder(w).Encode(map[string]any{"code": 21211, "message": words, "status": status,
			"error": map[string]any{"message": words, "code": words, "param": words, "type": "invalid_request_error"}})
		return
	}
	switch op {
	case "chat":
		_ = json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{
			"message": map[string]any{"role": "assistant", "content": "I heard " + saidWords + " from " + lineNumber}}}})
	case "hear":
		_, _ = fmt.Fprintf(w, `{"text":%q,"duration":3,"segments":[{"start":0,"end":3,"text":%q}]}`, saidWords, saidWords)
	case "media":
		_, _ = io.WriteString(w, "ID3 audio")
	case "create":
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"sid":"CA%032d","account_sid":%q,"status":"queued"}`, 1, restSid)
	case "delete":
		w.WriteHeader(http.StatusNoContent)
	default:
		_, _ = fmt.Fprintf(w, `{"sid":"CA%032d"}`, 1)
	}
}

// caller is a running i-agent, the services it calls, and Twilio's webhooks to it.
type caller struct {
	t         *testing.T
	app       *App
	services  *repeatingServices
	log       *e2e.LogBuffer
	processor *store.Processor
	id        string
}

func newCaller(t *testing.T, databaseURL string) *caller {
	t.Helper()
	c := &caller{t: t, services: &repeatingServices{fails: map[string]int{}}, log: &e2e.LogBuffer{}}
	services := httptest.NewServer(c.services)
	t.Cleanup(services.Close)
	log, err := telemetry.NewLogger(c.log, "text", "debug")
	if err != nil {
		t.Fatal(err)
	}
	config := complete()
	config.DatabaseURL, config.APIURL, config.OpenAIBaseURL = databaseURL, services.URL, services.URL+"/v1"
	config.AccountSid, config.PhoneNumber, config.AdminToken, config.LogLevel = restSid, "+15550009999", adminToken, "debug"
	listener, _ := listen(t)
	c.app, _ = run(t, config, Options{Listener: listener, Log: log})
	hooks := webhook.New(webhook.Config{URLs: c.app.callbackURLs()})
	c.processor = store.NewProcessor(c.app.store, hooks.Decide)
	return c
}

// call creates a call of a new campaign.
func (c *caller) call() {
	c.t.Helper()
	campaign, err := c.app.store.CreateCampaign(c.t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(),
		PromptTemplate: "- What is there?", Hypotheses: []interview.Hypothesis{{Question: "Is it dear?"}}})
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = c.app.store.CreateCalls(c.t.Context(), store.NewCalls{CampaignID: campaign.ID, PhoneNumbers: []string{lineNumber},
		Answer: func(calls []interview.Call) (store.Answer, error) {
			c.id = calls[0].ID
			return store.Answer{Status: 202}, nil
		}})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) send(kind inbox.Kind, parameters ...string) {
	c.t.Helper()
	sid := fmt.Sprintf("CA%032d", 1)
	form, query := url.Values{"CallSid": {sid}, "AccountSid": {restSid}, "To": {lineNumber}}, url.Values{"callId": {c.id}}
	for i := 0; i+1 < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	id, subject, err := webhook.Identify(kind, form, query)
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = c.processor.Process(c.t.Context(), &inbox.Event{ID: id, Kind: kind, Subject: subject, CallSid: sid, AccountSid: restSid,
		Body: []byte(form.Encode()), Form: form, Query: query, ReceivedAt: time.Now()})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) recorded() {
	c.t.Helper()
	c.send(inbox.KindVoice, "CallStatus", "in-progress")
	c.send(webhook.KindConsent, "SpeechResult", "yes")
	c.send(inbox.KindRecording, "RecordingSid", "RE00000000000000000000000000000001", "RecordingStatus", "completed", "RecordingDuration", "3",
		"RecordingChannels", "1", "RecordingUrl", c.app.settings.APIURL+"/2010-04-01/Accounts/"+restSid+"/Recordings/RE00000000000000000000000000000001")
	c.send(inbox.KindStatus, "CallStatus", "completed", "CallDuration", "9")
}

// until waits for a run of a function to be in a state, and to have been tried.
func (c *caller) until(function interview.Function, state interview.RunState) store.LedgerRun {
	c.t.Helper()
	var last []store.LedgerRun
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		runs, err := c.app.store.Runs(c.t.Context(), store.RunFilter{Function: function}, store.Page{Limit: 10})
		if err != nil {
			c.t.Fatal(err)
		}
		last = runs.Items
		for _, run := range runs.Items {
			if run.State == state && (run.Attempts > 0 || run.LastError != "") {
				return run
			}
		}
	}
	c.t.Fatalf("%s is not %s: %+v", function, state, last)
	return store.LedgerRun{}
}

// get asks the API as its operator.
func (c *caller) get(address string) string {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %s, %v", response.Status, body, err)
	}
	return string(body)
}

// rows are all rows of all tables, River's among them, each as one text.
func (c *caller) rows() (all []string) {
	c.t.Helper()
	ctx, s := c.t.Context(), c.app.store
	var tables []string
	if pool := s.Postgres(); pool != nil {
		rows, err := pool.Query(ctx, `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`)
		if err != nil {
			c.t.Fatal(err)
		}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				c.t.Fatal(err)
			}
			tables = append(tables, name)
		}
		for _, table := range tables {
			rows, err := pool.Query(ctx, `SELECT t::text FROM "`+table+`" t`)
			if err != nil {
				c.t.Fatal(err)
			}
			for rows.Next() {
				var text string
				if err := rows.Scan(&text); err != nil {
					c.t.Fatal(err)
				}
				all = append(all, table+": "+unhex(text))
			}
		}
		return all
	}
	db := s.SQLite()
	names, err := db.QueryContext(ctx, `SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		c.t.Fatal(err)
	}
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			c.t.Fatal(err)
		}
		tables = append(tables, name)
	}
	for _, table := range tables {
		rows, err := db.QueryContext(ctx, `SELECT * FROM "`+table+`"`)
		if err != nil {
			c.t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				c.t.Fatal(err)
			}
			text := table + ":"
			for _, v := range values {
				if raw, ok := v.([]byte); ok {
					v = string(raw)
				}
				text += fmt.Sprintf(" %v", v)
			}
			all = append(all, text)
		}
	}
	return all
}

var bytea = regexp.MustCompile(`\\x([0-9a-f]+)`)

// unhex shows what is in bytea columns.
func unhex(text string) string {
	return bytea.ReplaceAllStringFunc(text, func(found string) string {
		var raw []byte
		_, _ = fmt.Sscanf(found, `\x%x`, &raw)
		return string(raw)
	})
}

// knowing are the tables with a row that knows the person.
func (c *caller) knowing() map[string]int {
	c.t.Helper()
	found := map[string]int{}
	for _, row := range c.rows() {
		if knows(row) {
			table, _, _ := strings.Cut(row, ":")
			found[table]++
		}
	}
	return found
}

// judge erases the call and looks everywhere. kept are the only tables that may know the person before.
func (c *caller) judge(databaseURL string, kept ...string) {
	c.t.Helper()
	allowed := map[string]bool{"contacts": true}
	for _, table := range kept {
		allowed[table] = true
	}
	before := c.knowing()
	for table := range before {
		if !allowed[table] {
			c.t.Errorf("%s knows the person", table)
		}
	}
	if before["run_errors"] == 0 && before["calls"] < 1 {
		c.t.Errorf("the test looks in the wrong places: %v", before)
	}
	if _, err := c.app.store.ErasePersonalData(c.t.Context(), store.ErasureRequest{CallID: c.id, RequestedBy: "test"}); err != nil {
		c.t.Fatal(err)
	}
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		for _, name := range []string{path, path + "-wal", path + "-shm"} {
			data, err := os.ReadFile(name)
			if err == nil && knows(string(data)) {
				c.t.Errorf("%s knows the person", name)
			}
		}
	}
	for table := range c.knowing() {
		c.t.Errorf("after the erasure %s knows the person", table)
	}
	for line := range strings.Lines(c.log.String()) {
		if knows(line) {
			c.t.Errorf("logged: %s", line)
		}
	}
}

// Every function calls a service that quotes the person in its errors. Until the erasure the words are where an erasure finds
// them and nowhere else, after it they are nowhere, and they are in no line of the log.
func TestErasureRemovesServiceMessagesThatQuoteThePerson(t *testing.T) {
	kept := []string{"calls", "webhook_events", "utterances", "run_errors", "run_answers"}
	for _, tc := range []struct {
		op       string
		status   int
		function interview.Function
		state    interview.RunState
	}{
		{"hear", 400, interview.TranscribeRecording, interview.RunFailed},
		{"chat", 400, interview.ExtractClaims, interview.RunFailed},
		{"chat", 500, interview.ExtractClaims, interview.RunWaiting},
		{"media", 500, interview.TranscribeRecording, interview.RunWaiting},
	} {
		t.Run(fmt.Sprintf("%s %d", tc.op, tc.status), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, databaseURL string) {
				c := newCaller(t, databaseURL)
				c.services.set(tc.op, tc.status)
				c.services.set("delete", tc.status)
				c.call()
				c.until(interview.OrchestrateCall, interview.RunDone)
				c.recorded()
				run := c.until(tc.function, tc.state)
				if !strings.Contains(run.LastError, fmt.Sprintf(": %d ", tc.status)) {
					t.Errorf("last error %q", run.LastError)
				}
				address := "http://" + c.app.listener.Addr().String() + "/api/runs/" + run.ID
				// A download has no message.
				if shown := c.get(address); knows(shown) != (tc.op != "media") {
					t.Errorf("an operator finds %s", shown)
				}
				c.judge(databaseURL, kept...)
				if shown := c.get(address); knows(shown) {
					t.Errorf("after the erasure an operator finds %s", shown)
				}
				// The deletion at Twilio fails with the same words.
				if run := c.until(interview.DeleteRecording, interview.RunWaiting); knows(run.LastError) {
					t.Errorf("last error %q", run.LastError)
				}
				for table := range c.knowing() {
					t.Errorf("after the deletion failed %s knows the person", table)
				}
			})
		})
	}
}

func TestErasureRemovesRefusalsHoweverTheySpellTheNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, databaseURL string) {
		c := newCaller(t, databaseURL)
		c.services.set("create", 400)
		c.call()
		c.until(interview.OrchestrateCall, interview.RunDone)
		detail, err := c.app.store.CallDetail(t.Context(), c.id)
		call := detail.Call
		if err != nil || call.ErrorCode != 21211 || !knows(call.ErrorMessage) {
			t.Errorf("an operator finds %d %q, %v", call.ErrorCode, call.ErrorMessage, err)
		}
		c.judge(databaseURL, "calls")
	})
}

// An answer that nobody can read is kept, with what is wrong with it, until the call is erased.
func TestErasureRemovesUnreadableAnswers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, databaseURL string) {
		c := newCaller(t, databaseURL)
		c.call()
		c.until(interview.OrchestrateCall, interview.RunDone)
		c.recorded()
		if run := c.until(interview.ExtractClaims, interview.RunFailed); run.LastError != "permanent: model: asking the model: answer cannot be read" {
			t.Errorf("last error %q", run.LastError)
		}
		c.judge(databaseURL, "calls", "webhook_events", "utterances", "run_answers")
	})
}
