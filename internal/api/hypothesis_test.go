package api_test

import (
	"fmt"
	"testing"

	"github.com/i-agent/iagent/internal/store"
)

// One answer has a bounded part of what may be tens of thousands of claims; lists have all, each once.
func TestHypothesisOfManyClaimsIsAnsweredInParts(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *server) {
		const claims, verdicts = store.MaxDetailClaims + 5, store.MaxVerdicts + 5
		campaign := s.do("POST", "/api/campaigns", `{"name":"oats","hypotheses":[{"question":"Is it dear?"},{"question":"Is it sold?"}]}`).want(201)
		id, other := campaign.list(t, "hypotheses")[0].text("id"), campaign.list(t, "hypotheses")[1].text("id")
		call := s.queue(s.campaign("ACTIVE"), "+15551230001")[0]
		const series = `WITH RECURSIVE n (g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM n WHERE g < %d) `
		at := `(SELECT created_at FROM calls WHERE id = '` + call + `')`
		for of, many := range map[string]int{id: claims, other: 1} {
			s.exec(fmt.Sprintf(`INSERT INTO claims (id, call_id, recording_sid, hypothesis_id, field, value_text, unit, sku_id, geo_code, text, raw_text, start_sec, end_sec,
				confidence, low_confidence, validated, contradicting, rejected, model, created_at) `+series+`SELECT '01J000%[2]s' || (10000000 + g), '%[3]s', '', '%[4]s',
				'OTHER', '', 'NONE', '', '', 'said', 'said', 0, 1, 0.9, FALSE, FALSE, FALSE, '', 'm', `+at+` FROM n`, many, of[len(of)-12:], call, of))
			s.exec(fmt.Sprintf(`INSERT INTO verdicts (id, hypothesis_id, revision, status, conclusion, consistency, confidence, claims, calls, reasons, model, created_at) `+
				series+`SELECT '01J000%[2]s' || (10000000 + g), '%[3]s', g, 'PENDING', '', 1, 1, 1, 1, '[]', 'm', `+at+` FROM n`, min(many, verdicts), of[len(of)-12:], of))
		}

		one := s.get("/api/hypotheses/" + id).want(200)
		for list, want := range map[string][2]int{"claim": {store.MaxDetailClaims, claims}, "verdict": {store.MaxVerdicts, verdicts}} {
			if got := one.list(t, list+"s"); len(got) != want[0] || one[list+"Count"] != float64(want[1]) {
				t.Errorf("%d %ss of %v, want %v", len(got), list, one[list+"Count"], want)
			}
			// The newest are there: claims in the order in which they were made, verdicts the newest first.
			at := 0
			if list == "claim" {
				at = want[0] - 1
			}
			newest := one.list(t, list+"s")[at].text("id")
			seen := map[string]bool{}
			for path := "/api/hypotheses/" + id + "/" + list + "s?limit=200"; path != ""; {
				part := s.get(path).want(200)
				for _, item := range part.list(t, "items") {
					if len(seen) == 0 && item.text("id") != newest {
						t.Errorf("the newest %s is %s in the list, %s of the hypothesis", list, item.text("id"), newest)
					}
					if seen[item.text("id")] {
						t.Fatalf("%s twice", item.text("id"))
					}
					seen[item.text("id")] = true
				}
				path = ""
				if next := part.text("next"); next != "" {
					path = "/api/hypotheses/" + id + "/" + list + "s?limit=200&cursor=" + next
				}
			}
			if len(seen) != want[1] {
				t.Errorf("the list has %d %ss, want %d", len(seen), list, want[1])
			}
			s.get("/api/hypotheses/nothing/"+list+"s").wantError(404, "Hypothesis not found")
			if r := s.get("/api/hypotheses/" + id + "/" + list + "s?state=x"); r.status != 400 {
				t.Errorf("an unknown parameter is answered %d", r.status)
			}
		}
	})
}
