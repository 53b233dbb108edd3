package test_test

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// TestVerifyNamesWhoWasCalledAgainstARule plants a breach of each rule of who may be called: iagent verify names it and exits with 1, after
// it exited with 0.
func TestVerifyNamesWhoWasCalledAgainstARule(t *testing.T) {
	t.Parallel()
	exec := func(t *testing.T, s *store.Store, statement string, args ...any) {
		t.Helper()
		if _, err := s.SQLite().ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	for rule, plant := range map[string]func(t *testing.T, s *store.Store, id string){
		"dialled-past-the-gate": func(t *testing.T, s *store.Store, id string) { // 13
			exec(t, s, `UPDATE dial_verdicts SET gate_seq = 0 WHERE call_id = $1`, id)
		},
		"dialled-outside-hours": func(t *testing.T, s *store.Store, id string) { // 13
			exec(t, s, `UPDATE dial_verdicts SET facts = REPLACE(facts, '"to":"24:00"', '"to":"00:00"') WHERE call_id = $1`, id)
		},
		"number-live-twice": func(t *testing.T, s *store.Store, id string) { // 14
			exec(t, s, `UPDATE calls SET phone_number = (SELECT phone_number FROM calls WHERE id = $1)`, id)
		},
		"dialled-though-listed": func(t *testing.T, s *store.Store, id string) { // 15
			if _, _, err := s.AddDoNotCall(t.Context(), store.NewDoNotCall{PhoneNumber: "+12125550100", Scope: interview.ScopeAll, Source: "test"}); err != nil {
				t.Fatal(err)
			}
			exec(t, s, `UPDATE dial_verdicts SET gate_seq = 1000000 WHERE call_id = $1`, id)
		},
		"opt-out-not-listed": func(t *testing.T, s *store.Store, id string) { // 15
			exec(t, s, `UPDATE calls SET opted_out_at = created_at WHERE id = $1`, id)
		},
		"dialled-while-stopped": func(t *testing.T, s *store.Store, id string) { // 16
			if _, err := s.Stop(t.Context(), store.NewStop{Scope: interview.ScopeAll, Mode: interview.StopFinish}); err != nil {
				t.Fatal(err)
			}
			exec(t, s, `UPDATE dial_verdicts SET gate_seq = 1000000 WHERE call_id = $1`, id)
		},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			url := storetest.SQLite(t)
			s, err := store.Open(t.Context(), url, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			id := beginDials(t, s, "+12125550100", "+12125550101")
			settings := e2etest.DefaultSettings(url)
			e2etest.Verified(t, settings)
			plant(t, s, id)
			got := e2etest.Run(t, settings, "verify")
			if got.Exit != 1 || !strings.Contains(got.Stdout, rule) {
				t.Errorf("iagent verify ended with %d:\n%s%s", got.Exit, got.Stdout, got.Stderr)
			}
		})
	}
}

// beginDials writes the intents to dial people, and returns the call of the first.
func beginDials(t *testing.T, s *store.Store, numbers ...string) (first string) {
	t.Helper()
	campaign, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Category: "oat drink", PromptTemplate: "- What does it cost?",
		Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(), AnswerMode: interview.AnswerGather})
	if err != nil {
		t.Fatal(err)
	}
	var calls []interview.Call
	_, err = s.CreateCalls(t.Context(), store.NewCalls{CampaignID: campaign.ID, PhoneNumbers: numbers, Answer: func(created []interview.Call) (store.Answer, error) {
		calls = created
		return store.Answer{Status: 202, Body: []byte("{}")}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range calls {
		var id string
		if err := s.SQLite().QueryRowContext(t.Context(), `SELECT id FROM function_runs WHERE function = 'orchestrate-call' AND key = $1`, call.ID).Scan(&id); err != nil {
			t.Fatal(err)
		}
		run, _, err := s.StartRun(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.BeginDial(t.Context(), run, call.ID); err != nil {
			t.Fatal(err)
		}
		if call.PhoneNumber == numbers[0] {
			first = call.ID
		}
	}
	return first
}
