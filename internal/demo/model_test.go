package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

const account = "AC00000000000000000000000000000001"

// The scripted people must bring the three hypotheses to their three verdicts, also when only some of them are reached.
func TestScriptedPeopleComeToTheirVerdicts(t *testing.T) {
	study := demo.OatDrink()
	models := modelOf(t, study)
	storetest.Each(t, func(t *testing.T, url string) {
		db, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(db.Close)
		for from := 0; from < len(study.People); from += 3 {
			for to := from + 6; to <= len(study.People); to += 3 {
				s := &interviewed{t: t, store: db, study: study, people: study.People[from:to]}
				s.interview()
				for _, run := range s.waiting(interview.ExtractClaims) {
					s.run(run, (&pipeline.ExtractClaims{Store: db, Models: models}).Run)
				}
				for _, run := range s.waiting(interview.ValidateClaim) { // of which the newest of each hypothesis judges
					s.run(run, (&pipeline.ValidateClaim{Store: db, Models: models}).Run)
				}
				s.check()
			}
		}
	})
}

// interviewed is a campaign of the study in which some of its people were reached.
type interviewed struct {
	t        *testing.T
	store    *store.Store
	study    demo.Study
	people   []demo.Person
	campaign interview.Campaign
}

// interview makes a call with each of the people, up to its transcript.
func (s *interviewed) interview() {
	s.t.Helper()
	campaign := interview.Campaign{Name: s.study.Name, Status: interview.CampaignActive, Identity: storetest.Caller(),
		CallingHours: interview.AllHours(), PromptTemplate: "- " + strings.Join(s.study.Questions, "\n- ")}
	for _, h := range s.study.Hypotheses {
		campaign.Hypotheses = append(campaign.Hypotheses, interview.Hypothesis{Question: h.Question})
	}
	var err error
	if s.campaign, err = s.store.CreateCampaign(s.t.Context(), campaign); err != nil {
		s.t.Fatal(err)
	}
	numbers := make([]string, len(s.people))
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+1555123%04d", i)
	}
	var calls []interview.Call
	_, err = s.store.CreateCalls(s.t.Context(), store.NewCalls{CampaignID: s.campaign.ID, PhoneNumbers: numbers,
		Answer: func(made []interview.Call) (store.Answer, error) {
			calls = made
			return store.Answer{Status: http.StatusAccepted}, nil
		}})
	if err != nil {
		s.t.Fatal(err)
	}
	for i, call := range calls {
		s.record(call.ID)
		s.transcribe(call.ID, s.people[i])
	}
}

// record ends a call that was recorded with consent.
func (s *interviewed) record(callID string) {
	s.t.Helper()
	recording := interview.Recording{Sid: "RE" + callID, CallID: callID, Status: interview.RecordingCompleted, URL: "https://api.example/RE" + callID, Channels: 2}
	processor := store.NewProcessor(s.store, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
		call.AccountSid, call.Consent, call.Status = account, interview.ConsentGiven, interview.CallCompleted
		return interview.Change{Call: call, Recordings: []interview.Recording{recording},
			Jobs: []interview.Job{interview.NewTranscribeRecording(callID, recording.Sid, recording.URL)}}, inbox.Reply{Status: http.StatusOK}, nil
	})
	event := &inbox.Event{ID: callID + ":test", Kind: "test", Subject: callID, CallSid: "CA" + callID, AccountSid: account, Body: []byte("x"), ReceivedAt: time.Now()}
	if _, err := processor.Process(s.t.Context(), event); err != nil {
		s.t.Fatal(err)
	}
}

// transcribe saves what was said in a call, as it is heard.
func (s *interviewed) transcribe(callID string, person demo.Person) {
	s.t.Helper()
	var said []interview.Utterance
	for n, line := range person.Lines {
		at := float64(10 * n)
		said = append(said,
			interview.Utterance{Speaker: interview.SpeakerAgent, Text: s.study.Questions[n], StartSec: at, EndSec: at + 3},
			interview.Utterance{Speaker: interview.SpeakerCallee, Text: line.Say, StartSec: at + 4, EndSec: at + 8})
	}
	for _, waiting := range s.waiting(interview.TranscribeRecording) {
		s.run(waiting, func(ctx context.Context, run interview.Run) error {
			return s.store.SaveTranscript(ctx, run, callID, "RE"+callID, said)
		})
	}
}

// waiting are the runs of a function that nobody has begun.
func (s *interviewed) waiting(function interview.Function) []store.LedgerRun {
	s.t.Helper()
	runs, err := s.store.Runs(s.t.Context(), store.RunFilter{Function: function, State: interview.RunWaiting}, store.Page{Limit: 200})
	if err != nil {
		s.t.Fatal(err)
	}
	return runs.Items
}

// run makes an attempt at a run, as a worker does; body ends it.
func (s *interviewed) run(waiting store.LedgerRun, body func(context.Context, interview.Run) error) {
	s.t.Helper()
	run, started, err := s.store.StartRun(s.t.Context(), waiting.ID)
	if err != nil || started != jobs.RunStarted {
		s.t.Fatalf("run of %s %s: %v, %v", waiting.Function, waiting.Key, started, err)
	}
	if err := body(s.t.Context(), run); err != nil {
		s.t.Fatal(err)
	}
}

// check compares the claims and verdicts with what the study says of its people.
func (s *interviewed) check() {
	s.t.Helper()
	want, invented, claims, rejected := 0, 0, 0, 0
	for _, person := range s.people {
		for _, line := range person.Lines {
			want += len(line.Notes)
		}
		if person.Name == "Lou" {
			invented++ // the model invents a quote
		}
	}
	for i, h := range s.campaign.Hypotheses {
		detail, err := s.store.HypothesisDetail(s.t.Context(), h.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		claims += len(detail.Claims)
		for _, c := range detail.Claims {
			if c.Rejected == "" {
				continue
			}
			if rejected++; rejected > invented {
				s.t.Errorf("%q is rejected: %s", c.RawText, c.Rejected)
			}
		}
		if len(detail.Verdicts) != 1 || string(detail.Verdicts[0].Status) != s.study.Hypotheses[i].Verdict {
			s.t.Errorf("%d people: %q is %+v, want one verdict: %s", len(s.people), h.Question, detail.Verdicts, s.study.Hypotheses[i].Verdict)
		}
	}
	if claims != want {
		s.t.Errorf("%d claims of %d people, want %d", claims, len(s.people), want)
	}
	if rejected < invented {
		s.t.Error("an invented quote was believed")
	}
}

// modelOf serves the study's model as the chat API does.
func modelOf(t *testing.T, study demo.Study) *openai.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Messages []struct {
				Content string `json:"content"`
			} `json:"messages"`
			Format struct {
				Schema struct {
					Name string `json:"name"`
				} `json:"json_schema"`
			} `json:"response_format"`
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		var messages []string
		for _, m := range body.Messages {
			messages = append(messages, m.Content)
		}
		answer, err := study.Model(messages, body.Format.Schema.Name)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": answer}}}})
	}))
	t.Cleanup(server.Close)
	models, err := openai.New(openai.Config{BaseURL: server.URL + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	return models
}
