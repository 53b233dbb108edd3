package interview

import (
	"fmt"
	"math"
	"slices"
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
		got := Validation{Hypothesis: Hypothesis{ID: "H1"}, Revision: 7, Evidence: test.evidence, Shown: test.evidence}.
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

// A model that reads a part of the evidence must see both sides, of early and of late calls.
func TestSampleOfEvidenceHasEachSideAndAllTimes(t *testing.T) {
	yes, no := true, false
	var e Evidence
	for i := range 1000 {
		c := EvidenceClaim{Claim: Claim{ID: fmt.Sprintf("%04d", i), Supports: &yes}}
		switch {
		case i == 500:
			c.Supports = nil
		case i%4 == 0:
			c.Supports = &no
		}
		e = append(e, c)
	}
	for _, n := range []int{3, 10, 200, 999} {
		sample := e.Sample(n)
		if len(sample) != n {
			t.Fatalf("%d of %d claims", len(sample), n)
		}
		for_, against := sample.Directions()
		if for_+against != n-1 || against < n/4-1 || against > n/4+1 {
			t.Errorf("of %d claims %d are for and %d against", n, for_, against)
		}
		if !slices.IsSortedFunc(sample, func(a, b EvidenceClaim) int { return strings.Compare(a.ID, b.ID) }) {
			t.Errorf("%d claims are not in order", n)
		}
		early := 0
		for _, c := range sample {
			if c.ID < "0500" {
				early++
			}
		}
		if n > 3 && (early < n*4/10 || early > n*6/10) {
			t.Errorf("%d of %d claims are of the first half", early, n)
		}
	}
	if got := e.Sample(1000); len(got) != 1000 {
		t.Errorf("%d of all", len(got))
	}
}
