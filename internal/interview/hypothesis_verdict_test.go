package interview

import (
	"math"
	"strings"
	"testing"
)

// evidence makes a claim for each letter: + for, - against, 0 neither; each from another call and number.
func evidence(directions string, confidence float64) Evidence {
	var e Evidence
	for i, d := range directions {
		c := EvidenceClaim{PhoneNumber: "+1555000000" + string(rune('0'+i))}
		c.ID, c.CallID, c.Confidence = string(rune('a'+i)), string(rune('A'+i)), confidence
		if d != '0' {
			supports := d == '+'
			c.Supports = &supports
		}
		e = append(e, c)
	}
	return e
}

func TestVerdictNeedsTheEvidenceBehindIt(t *testing.T) {
	for name, test := range map[string]struct {
		evidence    Evidence
		model, want HypothesisStatus
		reason      string
		consistency float64
	}{
		"validated":            {evidence("+++-", 0.8), HypothesisValidated, HypothesisValidated, "", 0.75},
		"just confident":       {evidence("+++", 0.6), HypothesisValidated, HypothesisValidated, "", 1},
		"not confident":        {evidence("+++", 0.59), HypothesisValidated, HypothesisInconclusive, "average confidence", 1},
		"against the claims":   {evidence("+--", 0.9), HypothesisValidated, HypothesisInconclusive, "1 claims speak for it and 2 against", 2.0 / 3},
		"nothing for it":       {evidence("000", 0.9), HypothesisValidated, HypothesisInconclusive, "0 claims", 0},
		"invalidated":          {evidence("--+", 0.1), HypothesisInvalidated, HypothesisInvalidated, "", 2.0 / 3},
		"wrongly invalidated":  {evidence("++-", 0.9), HypothesisInvalidated, HypothesisInconclusive, "would invalidate", 2.0 / 3},
		"inconclusive":         {evidence("+-0", 0.9), HypothesisInconclusive, HypothesisInconclusive, "", 0.5},
		"two claims":           {evidence("++", 0.9), HypothesisValidated, HypothesisPending, "needs 3", 1},
		"three claims, a call": {oneCall(evidence("+++", 0.9)), HypothesisValidated, HypothesisPending, "needs 3", 1},
		"one person":           {onePerson(evidence("+++", 0.9)), HypothesisValidated, HypothesisPending, "needs 3", 1},
	} {
		got := Validation{Hypothesis: Hypothesis{ID: "H1"}, Revision: 7, Evidence: test.evidence}.
			Judge(Opinion{Status: test.model, Conclusion: "so it is", Reasons: []string{"because"}})
		if got.Status != test.want || math.Abs(got.Consistency-test.consistency) > 1e-9 || got.Revision != 7 || got.HypothesisID != "H1" {
			t.Errorf("%s: %+v", name, got)
		}
		if test.reason != "" != (len(got.Reasons) == 2) || !strings.Contains(strings.Join(got.Reasons, " "), test.reason) {
			t.Errorf("%s: reasons %q", name, got.Reasons)
		}
	}
}

func oneCall(e Evidence) Evidence {
	for i := range e {
		e[i].CallID = "same"
	}
	return e
}

func onePerson(e Evidence) Evidence {
	for i := range e {
		e[i].PhoneNumber = "+15550000000"
	}
	return e
}
