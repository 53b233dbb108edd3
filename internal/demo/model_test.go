package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/pipeline"
)

// results takes what the functions of the pipeline make of the study. The test is about what the model says and what is accepted of it;
// the database takes no part.
type results struct {
	extraction interview.Extraction
	validation interview.Validation
	claims     []interview.Claim
	verdict    interview.Verdict
}

func (n *results) BeginExtraction(context.Context, interview.Run, string, string) (interview.Extraction, error) {
	return n.extraction, nil
}

func (n *results) SaveClaims(_ context.Context, _ interview.Run, _, _ string, claims []interview.Claim) error {
	n.claims = append(n.claims, claims...)
	return nil
}

func (n *results) BeginValidation(context.Context, interview.Run, string, int) (interview.Validation, error) {
	return n.validation, nil
}

func (n *results) SaveVerdict(_ context.Context, _ interview.Run, verdict interview.Verdict) error {
	n.verdict = verdict
	return nil
}

func (n *results) KeepAnswer(_ context.Context, _ interview.Run, _, answer, reason string) error {
	return fmt.Errorf("unreadable answer %q: %s", answer, reason)
}

// The scripted people must bring the three hypotheses to their three verdicts, also when only some of them are reached.
func TestScriptedPeopleComeToTheirVerdicts(t *testing.T) {
	study := demo.OatDrink()
	models := modelOf(t, study)
	for from := 0; from < len(study.People); from += 3 {
		for to := from + 6; to <= len(study.People); to += 3 {
			judge(t, models, study, study.People[from:to])
		}
	}
}

func judge(t *testing.T, models *openai.Client, study demo.Study, people []demo.Person) {
	t.Helper()
	var hypotheses []interview.Hypothesis
	for i, h := range study.Hypotheses {
		hypotheses = append(hypotheses, interview.Hypothesis{ID: fmt.Sprint("H", i), Question: h.Question})
	}
	kept, want, rejected := &results{}, 0, 0
	for i, person := range people {
		e := interview.Extraction{Call: interview.Call{ID: fmt.Sprint("call-", i), Consent: interview.ConsentGiven}, Hypotheses: hypotheses,
			Recording: interview.Recording{Sid: fmt.Sprint("RE", i)}}
		for n, line := range person.Lines {
			at := float64(10 * n)
			e.Utterances = append(e.Utterances,
				interview.Utterance{Speaker: interview.SpeakerAgent, Text: study.Questions[n], StartSec: at, EndSec: at + 3},
				interview.Utterance{Speaker: interview.SpeakerCallee, Text: line.Say, StartSec: at + 4, EndSec: at + 8})
			want += len(line.Notes)
		}
		if person.Name == "Lou" {
			rejected++ // the model invents a quote
		}
		kept.extraction = e
		f := pipeline.ExtractClaims{Store: kept, Models: models}
		if err := f.Run(t.Context(), interview.Run{Args: json.RawMessage(`{}`)}); err != nil {
			t.Fatal(err)
		}
	}
	if len(kept.claims) != want {
		t.Errorf("%d claims of %d people, want %d", len(kept.claims), len(people), want)
	}
	evidence := map[string]interview.Evidence{}
	for _, c := range kept.claims {
		if c.Rejected != "" {
			if rejected--; rejected < 0 {
				t.Errorf("%q is rejected: %s", c.RawText, c.Rejected)
			}
			continue
		}
		evidence[c.HypothesisID] = append(evidence[c.HypothesisID], interview.EvidenceClaim{Claim: c, PhoneNumber: c.CallID})
	}
	if rejected > 0 {
		t.Error("an invented quote was believed")
	}
	for i, h := range hypotheses {
		kept.validation = interview.Validation{Hypothesis: h, Revision: 1, Evidence: evidence[h.ID]}
		f := pipeline.ValidateClaim{Store: kept, Models: models}
		if err := f.Run(t.Context(), interview.Run{Key: h.ID + ":1", Args: json.RawMessage(`{}`)}); err != nil {
			t.Fatal(err)
		}
		if got := string(kept.verdict.Status); got != study.Hypotheses[i].Verdict {
			t.Errorf("%d people: %q is %s: %v", len(people), h.Question, got, kept.verdict)
		}
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
