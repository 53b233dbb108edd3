package pipeline_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/testdb"
)

// desk is a database with one campaign, and the two functions that work with a model on it.
type desk struct {
	t          *testing.T
	store      *store.Store
	model      *oracle
	extract    *pipeline.ExtractClaims
	validate   *pipeline.ValidateClaim
	calls      []string
	hypotheses []string

	mu     sync.Mutex
	now    time.Time
	around func(statement func() error) error
}

// oracle stands in for the model: it says what the test tells it to, and counts the questions.
type oracle struct {
	mu      sync.Mutex
	answers []string // in turn, the last one for ever; "500" is a fault of the server
	asked   atomic.Int32
	prompts []string
}

func (o *oracle) say(answers ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answers, o.prompts = answers, nil
	o.asked.Store(0)
}

func (o *oracle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Messages []struct {
			Content string `json:"content"`
		} `json:"messages"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	o.mu.Lock()
	answer := o.answers[0]
	if len(o.answers) > 1 {
		o.answers = o.answers[1:]
	}
	for _, m := range body.Messages {
		o.prompts = append(o.prompts, m.Content)
	}
	o.mu.Unlock()
	o.asked.Add(1)
	w.Header().Set("Content-Type", "application/json")
	if answer == "500" {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": answer}}}})
}

// onDesks runs a test on both databases. calls is how many people said "We pay five dollars a case. Call 555-123-4567."
func onDesks(t *testing.T, calls int, test func(t *testing.T, d *desk)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, newDesk(t, "sqlite:"+testdb.SQLite(t), calls)) })
	t.Run("postgres", func(t *testing.T) { test(t, newDesk(t, testdb.Postgres(t), calls)) })
}

func newDesk(t *testing.T, url string, calls int) *desk {
	t.Helper()
	d := &desk{t: t, now: now, model: &oracle{}}
	server := httptest.NewServer(d.model)
	t.Cleanup(server.Close)
	models, err := openai.New(openai.Config{BaseURL: server.URL + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	d.store, err = store.Open(t.Context(), url, store.Options{Now: d.clock, Around: d.statement})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.store.Close)
	if err := d.store.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.extract = &pipeline.ExtractClaims{Store: d.store, Models: models}
	d.validate = &pipeline.ValidateClaim{Store: d.store, Models: models, Model: "oracle"}
	d.interview(calls)
	return d
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) advance(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func (d *desk) statement(statement func() error) error {
	d.mu.Lock()
	around := d.around
	d.mu.Unlock()
	if around == nil {
		return statement()
	}
	return around(statement)
}

// interview makes the campaign and its calls, up to their transcripts.
func (d *desk) interview(calls int) {
	d.t.Helper()
	ctx := d.t.Context()
	campaign, err := d.store.CreateCampaign(ctx, interview.Campaign{Name: "Shelves", Status: interview.CampaignActive,
		PromptTemplate: "- What do you pay for a case?",
		Hypotheses:     []interview.Hypothesis{{Question: "Is it dear?"}, {Question: "Is it liked?"}}})
	if err != nil {
		d.t.Fatal(err)
	}
	d.hypotheses = []string{campaign.Hypotheses[0].ID, campaign.Hypotheses[1].ID}
	var numbers []string
	for i := range calls {
		numbers = append(numbers, fmt.Sprintf("+1555000%04d", i))
	}
	answer := func([]interview.Call) (store.Answer, error) { return store.Answer{Status: 202}, nil }
	if _, err := d.store.CreateCalls(ctx, store.NewCalls{CampaignID: campaign.ID, PhoneNumbers: numbers, Answer: answer}); err != nil {
		d.t.Fatal(err)
	}
	list, err := d.store.Calls(ctx, store.CallFilter{}, store.Page{Limit: 100})
	if err != nil || len(list.Items) != calls {
		d.t.Fatalf("%d calls, %v", len(list.Items), err)
	}
	processor := store.NewProcessor(d.store, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
		call.Consent, call.Status = interview.ConsentGiven, interview.CallCompleted
		recording := interview.Recording{Sid: "RE" + call.ID, CallID: call.ID, Status: interview.RecordingCompleted, URL: "https://api.example/RE" + call.ID, Channels: 2}
		return interview.Change{Call: call, Recordings: []interview.Recording{recording},
			Jobs: []interview.Job{interview.NewTranscribeRecording(call.ID, recording.Sid, recording.URL)}}, inbox.Reply{Status: 200}, nil
	})
	for i, call := range list.Items {
		d.calls = append(d.calls, call.ID)
		sid := fmt.Sprintf("CA%d", i)
		event := &inbox.Event{ID: sid + ":recording", Kind: "recording", Subject: call.ID, CallSid: sid, AccountSid: account, Body: []byte("x"), ReceivedAt: d.clock()}
		if _, err := processor.Process(ctx, event); err != nil {
			d.t.Fatal(err)
		}
		run := d.start(interview.TranscribeRecording, call.ID+":RE"+call.ID)
		err := d.store.SaveTranscript(ctx, run, call.ID, "RE"+call.ID, []interview.Utterance{
			{Speaker: interview.SpeakerAgent, Text: "What do you pay for a case?", StartSec: 0, EndSec: 2},
			{Speaker: interview.SpeakerCallee, Text: "We pay five dollars a case. Call 555-123-4567. We have 0 cases left.", StartSec: 3, EndSec: 9},
		})
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

// scan reads one row of the database.
func (d *desk) scan(query string, args []any, into ...any) error {
	d.t.Helper()
	if pool := d.store.Postgres(); pool != nil {
		return pool.QueryRow(context.Background(), query, args...).Scan(into...)
	}
	return d.store.SQLite().QueryRow(query, args...).Scan(into...)
}

func (d *desk) count(query string, args ...any) int {
	d.t.Helper()
	var n int
	if err := d.scan(query, args, &n); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// start takes a run for its next attempt, as a worker does.
func (d *desk) start(function interview.Function, key string) interview.Run {
	d.t.Helper()
	run, started, err := d.tryStart(function, key)
	if err != nil || started != jobs.RunStarted {
		d.t.Fatalf("run of %s %s: %v, %v", function, key, started, err)
	}
	return run
}

func (d *desk) tryStart(function interview.Function, key string) (interview.Run, jobs.Started, error) {
	d.t.Helper()
	var id string
	if err := d.scan(`SELECT id FROM function_runs WHERE function = $1 AND key = $2`, []any{string(function), key}, &id); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			d.t.Fatalf("there is no run of %s %s", function, key)
		}
		return interview.Run{}, 0, err
	}
	return d.store.StartRun(context.Background(), id)
}

// attempt makes one attempt at a run, as a worker does.
func (d *desk) attempt(function interview.Function, key string) error {
	d.t.Helper()
	run := d.start(function, key)
	body := d.extract.Run
	if function == interview.ValidateClaim {
		body = d.validate.Run
	}
	err := body(d.t.Context(), run)
	switch {
	case err == nil:
		if err := d.store.EndRun(d.t.Context(), run); err != nil {
			d.t.Fatal(err)
		}
	case jobs.IsPermanent(err):
		if err := d.store.FailRun(d.t.Context(), run, err.Error()); err != nil {
			d.t.Fatal(err)
		}
	default:
		if err := d.store.PostponeRun(d.t.Context(), run, jobs.Postponement{Until: d.clock(), Reason: err.Error(), Counts: true}); err != nil {
			d.t.Fatal(err)
		}
	}
	return err
}

func (d *desk) extraction(call int) string { return d.calls[call] + ":RE" + d.calls[call] }

// claim is a good claim of the oracle's; changes are JSON members that replace its own.
func (d *desk) claim(changes string) string {
	members := map[string]any{"hypothesisId": d.hypotheses[0], "field": "PRICE", "valueNumber": 5, "valueText": nil, "unit": "USD", "skuId": nil,
		"geoCode": nil, "statement": "A case costs 5 dollars.", "quote": "We pay five dollars a case", "utterance": 2, "stance": "supports", "confidence": 0.9}
	if err := json.Unmarshal([]byte(`{`+changes+`}`), &members); err != nil {
		d.t.Fatal(err)
	}
	text, err := json.Marshal(members)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

func claims(list ...string) string { return `{"claims":[` + strings.Join(list, ",") + `]}` }
