package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// A large study is judged by all of its claims, of which a page and a model get a part.
func TestHypothesisOfManyClaimsIsReadInParts(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		const extra = MaxCountedClaims + 50
		calls, hypotheses := heardCalls(t, s, 3)
		h := hypotheses[0]
		for _, id := range calls {
			said := claimFor(h, true)
			said.RawText = "Five dollars"
			s.extract(t, id, said)
		}
		storetest.Exec(t, s, fmt.Sprintf(`INSERT INTO claims (%[1]s)
			WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < %[2]d)
			SELECT 'z' || n, %[3]s FROM claims, n WHERE call_id = '%[4]s'`, claimColumns, extra, strings.TrimPrefix(claimColumns, "id, "), calls[0]))

		o, err := s.HypothesisOverview(t.Context(), h)
		if err != nil || len(o.Claims) != MaxCountedClaims || len(o.Evidence()) != MaxCountedClaims || o.Claims[0].ID[0] != 'z' {
			t.Fatalf("%d claims, %d of them are evidence, %v", len(o.Claims), len(o.Evidence()), err)
		}
		few := o.Claims[:7]
		if few[0].Text != "" || few[0].PhoneNumber == "" {
			t.Errorf("without its texts a claim is %+v", few[0])
		}
		if err := s.AddTexts(t.Context(), few); err != nil || few[6].RawText != "Five dollars" || few[6].Text == "" || few[6].ID != o.Claims[6].ID {
			t.Errorf("with its texts a claim is %+v, %v", few[6], err)
		}
		// The number of each call is looked up, whatever the number of calls.
		if plan := s.howRead(t, selectOutlines, h, noLimit); strings.Contains(plan, "Seq Scan on calls") || strings.Contains(plan, "Join") || strings.Contains(plan, "SCAN calls") {
			t.Error(plan)
		}

		run := s.mustStart(t, interview.ValidateClaim, h+":1")
		v, err := s.BeginValidation(t.Context(), run, h, 1)
		if err != nil || v.Skip || len(v.Evidence) != extra+3 || len(v.Shown) != interview.MaxShown || v.Evidence.People() != 3 {
			t.Fatalf("skip %t, %d claims, %d shown, %v", v.Skip, len(v.Evidence), len(v.Shown), err)
		}
		for _, c := range v.Shown {
			if c.Passage.Quote != "Five dollars" || c.Text == "" {
				t.Fatalf("the model is shown %+v", c)
			}
		}
		if err := s.SaveVerdict(t.Context(), run, v.Judge(interview.Opinion{Status: interview.HypothesisValidated, Conclusion: "It is five."})); err != nil {
			t.Fatal(err)
		}
		if o, err = s.HypothesisOverview(t.Context(), h); err != nil || len(o.Verdicts) != 1 || o.Verdicts[0].Claims != extra+3 || o.Hypothesis.Status != interview.HypothesisValidated {
			t.Errorf("%+v, %v", o.Verdicts, err)
		}
	})
}
