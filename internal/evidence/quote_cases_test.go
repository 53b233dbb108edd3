package evidence

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// quoteCase is a quote of what a person said. By are words that modify it; "" for one that stands as it is.
type quoteCase struct {
	Said  string `json:"said"`
	Quote string `json:"quote"`
	By    string `json:"by"`
}

func quoteCases(t *testing.T) (misleading, faithful []quoteCase) {
	t.Helper()
	data, err := os.ReadFile("testdata/quotes.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases struct{ Misleading, Faithful []quoteCase }
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases.Misleading, cases.Faithful
}

// claimOf is a claim that a model makes of a quote.
func claimOf(said, quote string) interview.Claim {
	yes := true
	c := Candidate{HypothesisID: "H1", Field: "OTHER", Text: "A claim.", Quote: quote, Utterance: -1, Confidence: num(0.9), Supports: &yes}
	return CheckClaim(c, interview.Extraction{Hypotheses: []interview.Hypothesis{{ID: "H1"}}, Utterances: []interview.Utterance{
		{Speaker: interview.SpeakerAgent, Text: "What can you tell us about it?", EndSec: 2},
		{Speaker: interview.SpeakerCallee, Text: said, StartSec: 3, EndSec: 9},
	}})
}

func TestQuoteSaysWhatThePersonSaid(t *testing.T) {
	misleading, faithful := quoteCases(t)
	for _, c := range misleading {
		claim := claimOf(c.Said, c.Quote)
		if claim.Rejected == "" && !strings.Contains(claim.RawText, c.By) {
			t.Errorf("%q of %q stands as %q without %q", c.Quote, c.Said, claim.RawText, c.By)
		}
		if claim.Rejected == "the quote was not said" {
			t.Errorf("%q is not in %q", c.Quote, c.Said)
		}
	}
	for _, c := range faithful {
		if claim := claimOf(c.Said, c.Quote); claim.Rejected != "" || !strings.Contains(claim.RawText, strings.Trim(c.Quote, ".?!")) {
			t.Errorf("%q of %q: %q, rejected: %s", c.Quote, c.Said, claim.RawText, claim.Rejected)
		}
	}
	t.Logf("%d misleading, %d faithful", len(misleading), len(faithful))
}
