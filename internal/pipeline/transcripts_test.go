package pipeline_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/pipeline"
)

// judged is a database with transcribed calls, and the two functions that work with a model on it.
type judged struct {
	*database
	t          *testing.T
	model      *scriptedModel
	extract    *pipeline.ExtractClaims
	validate   *pipeline.ValidateClaim
	calls      []string
	hypotheses []string
}

// scriptedModel stands in for the model: it says what the test tells it to, and counts the questions.
type scriptedModel struct {
	mu      sync.Mutex
	answers []string // in turn, the last one for ever; "500" is a fault of the server
	asked   atomic.Int32
	prompts []string
}

func (o *scriptedModel) say(answers ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answers, o.prompts = answers, nil
	o.asked.Store(0)
}

func (o *scriptedModel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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

// onTranscripts runs a test on both databases. calls is how many people said "We pay five dollars a case. Call 555-123-4567."
func onTranscripts(t *testing.T, calls int, test func(t *testing.T, d *judged)) {
	t.Helper()
	onBoth(t, func(t *testing.T, db *database) {
		d := &judged{database: db, t: t, model: &scriptedModel{}}
		server := httptest.NewServer(d.model)
		t.Cleanup(server.Close)
		models, err := openai.New(openai.Config{BaseURL: server.URL + "/v1"})
		if err != nil {
			t.Fatal(err)
		}
		d.extract = &pipeline.ExtractClaims{Store: d.store, Models: models}
		d.validate = &pipeline.ValidateClaim{Store: d.store, Models: models, Model: "scripted"}
		d.hypotheses = []string{db.campaign.Hypotheses[0].ID, db.campaign.Hypotheses[1].ID}
		for range calls {
			d.transcribe()
		}
		test(t, d)
	})
}

// transcribe makes a call, up to its transcript.
func (d *judged) transcribe() {
	d.t.Helper()
	id := d.database.call(d.t)
	d.calls = append(d.calls, id)
	d.change(d.t, id, func(call *interview.Call) interview.Change {
		call.Consent, call.Status = interview.ConsentGiven, interview.CallCompleted
		recording := interview.Recording{Sid: "RE" + id, CallID: id, Status: interview.RecordingCompleted, URL: "https://api.example/RE" + id, Channels: 2}
		return interview.Change{Recordings: []interview.Recording{recording},
			Jobs: []interview.Job{interview.NewTranscribeRecording(id, recording.Sid, recording.URL)}}
	})
	run := d.start(interview.TranscribeRecording, id+":RE"+id)
	err := d.store.SaveTranscript(d.t.Context(), run, id, "RE"+id, []interview.Utterance{
		{Speaker: interview.SpeakerAgent, Text: "What do you pay for a case?", StartSec: 0, EndSec: 2},
		{Speaker: interview.SpeakerCallee, Text: "We pay five dollars a case. Call 555-123-4567. We have 0 cases left.", StartSec: 3, EndSec: 9},
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *judged) count(query string, args ...any) int {
	d.t.Helper()
	var n int
	if err := d.scan(query, args, &n); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (d *judged) start(function interview.Function, key string) interview.Run {
	d.t.Helper()
	return d.database.start(d.t, function, key)
}

func (d *judged) tryStart(function interview.Function, key string) (interview.Run, jobs.Started, error) {
	d.t.Helper()
	return d.database.tryStart(d.t, function, key)
}

// attempt makes one attempt at a run, as a worker does.
func (d *judged) attempt(function interview.Function, key string) error {
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

func (d *judged) extraction(call int) string { return d.calls[call] + ":RE" + d.calls[call] }

// claim is a good claim of the scripted model's; changes are JSON members that replace its own.
func (d *judged) claim(changes string) string {
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
