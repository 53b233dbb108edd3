package interview

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MinEvidence is how many claims, from how many calls to distinct numbers, a verdict needs.
const MinEvidence = 3

// Verdict is a judgement on a hypothesis, for one revision of its evidence.
type Verdict struct {
	ID           string
	HypothesisID string
	Revision     int
	Status       HypothesisStatus
	// Conclusion is the model's, in a sentence or two.
	Conclusion string
	// Consistency is the share of the claims that point the way most do, from 0 to 1; 0 when none points anywhere.
	Consistency float64
	// Confidence is the average of the claims'.
	Confidence float64
	// Claims and Calls count the evidence.
	Claims, Calls int
	// Reasons are the model's, then ours when we decided otherwise.
	Reasons []string
	// Model gave the opinion.
	Model     string
	CreatedAt time.Time
}

// Opinion is a verdict as a model gave it.
type Opinion struct {
	Status     HypothesisStatus
	Conclusion string
	Reasons    []string
}

// Evidence is what a hypothesis is judged by: the claims that were not rejected.
type Evidence []EvidenceClaim

// EvidenceClaim is a claim, the number that was called, and where the quote was said.
type EvidenceClaim struct {
	Claim
	PhoneNumber string
	Passage     Passage
}

// Passage is where a quote was said: the whole utterances that it is in with their neighbours, and the question before them.
type Passage struct {
	// Question is what was said before by the other side, "" when nothing was or the speakers are not known.
	Question string
	Speaker  Speaker
	// Before, Quote and After are the utterances, cut at the quote.
	Before, Quote, After string
}

// Validation is what validate-claim needs to know before it asks a model.
type Validation struct {
	// Skip says that there is nothing to judge (too little evidence, another run judges it, or it was judged already) and that the run
	// was ended with that answer. The other fields are then zero.
	Skip       bool
	Hypothesis Hypothesis
	// Revision is that of the evidence, which may be newer than the run's.
	Revision int
	// Evidence are all claims that count, without texts and passages.
	Evidence Evidence
	// Shown are those of Evidence that a model is shown, with both.
	Shown Evidence
}

// MaxShown is how many claims a model is shown for a verdict. What it gives its opinion on has to fit into what it can read, however many
// people were interviewed; Judge looks at all claims.
const MaxShown = 200

// Sampled reports whether a model is shown only a part of the evidence.
func (v Validation) Sampled() bool { return len(v.Shown) < len(v.Evidence) }

// Sample returns n claims of the evidence, in its order, or all when there are no more. For, against and neither each have their share of n,
// and one of them is in it at least where there is any; they are spaced evenly from the first claim to the last.
func (e Evidence) Sample(n int) Evidence {
	if len(e) <= n {
		return e
	}
	var sides [3][]int // positions, by stance
	for i, c := range e {
		side := 2
		if c.Supports != nil {
			side = 0
			if !*c.Supports {
				side = 1
			}
		}
		sides[side] = append(sides[side], i)
	}
	slices.SortStableFunc(sides[:], func(a, b []int) int { return len(a) - len(b) })
	var chosen []int
	for i, positions := range sides { // the smallest first: what it has more than its share, the largest lacks
		take := max(len(positions)*n/len(e), min(1, len(positions)))
		if i == len(sides)-1 {
			take = max(n-len(chosen), 0)
		}
		for k := range take {
			chosen = append(chosen, positions[k*len(positions)/take])
		}
	}
	slices.Sort(chosen)
	sample := make(Evidence, len(chosen))
	for i, position := range chosen {
		sample[i] = e[position]
	}
	return sample
}

// Enough reports whether there are at least MinEvidence claims from as many calls to distinct numbers.
func (e Evidence) Enough() bool {
	return len(e) >= MinEvidence && e.Calls() >= MinEvidence && e.People() >= MinEvidence
}

// Calls counts the calls.
func (e Evidence) Calls() int {
	calls := map[string]bool{}
	for _, c := range e {
		calls[c.CallID] = true
	}
	return len(calls)
}

// People counts the distinct numbers: one person called three times is one witness.
func (e Evidence) People() int {
	numbers := map[string]bool{}
	for _, c := range e {
		numbers[c.PhoneNumber] = true
	}
	return len(numbers)
}

// Directions counts the claims for and against.
func (e Evidence) Directions() (for_, against int) {
	for _, c := range e {
		switch {
		case c.Supports == nil:
		case *c.Supports:
			for_++
		default:
			against++
		}
	}
	return for_, against
}

// Consistency is the share of the majority among the claims that point for or against, 0 when none does.
func (e Evidence) Consistency() float64 {
	for_, against := e.Directions()
	if for_+against == 0 {
		return 0
	}
	return float64(max(for_, against)) / float64(for_+against)
}

// Confidence is the average of the claims'.
func (e Evidence) Confidence() float64 {
	if len(e) == 0 {
		return 0
	}
	var sum float64
	for _, c := range e {
		sum += c.Confidence
	}
	return sum / float64(len(e))
}

// Judge makes the verdict of an opinion. It is believed only as far as the claims carry it: too little evidence is
// PENDING; VALIDATED needs an average confidence of MinConfidence and more claims for than against; INVALIDATED needs
// more against than for. Otherwise the verdict is INCONCLUSIVE, and Reasons say why.
func (v Validation) Judge(opinion Opinion) Verdict {
	for_, against := v.Evidence.Directions()
	verdict := Verdict{
		HypothesisID: v.Hypothesis.ID, Revision: v.Revision, Status: opinion.Status, Conclusion: Bounded(opinion.Conclusion, 2000),
		Consistency: v.Evidence.Consistency(), Confidence: v.Evidence.Confidence(),
		Claims: len(v.Evidence), Calls: v.Evidence.Calls(),
	}
	for _, reason := range opinion.Reasons {
		if reason = Bounded(reason, 1000); reason != "" {
			verdict.Reasons = append(verdict.Reasons, reason)
		}
	}
	if v.Sampled() && v.Evidence.Enough() {
		verdict.Reasons = append(verdict.Reasons, fmt.Sprintf("the model was shown %d of %d claims, for and against in proportion", len(v.Shown), len(v.Evidence)))
	}
	overrule := func(status HypothesisStatus, format string, args ...any) {
		verdict.Status = status
		verdict.Reasons = append(verdict.Reasons, fmt.Sprintf(format, args...))
	}
	switch {
	case !v.Evidence.Enough():
		verdict.Conclusion = ""
		overrule(HypothesisPending, "a verdict needs %d claims from %d calls to different numbers", MinEvidence, MinEvidence)
	case opinion.Status == HypothesisValidated && verdict.Confidence < MinConfidence-1e-9:
		overrule(HypothesisInconclusive, "the claims' average confidence is %.2f; to validate it must be %.1f", verdict.Confidence, MinConfidence)
	case opinion.Status == HypothesisValidated && for_ <= against:
		overrule(HypothesisInconclusive, "the model would validate, but %d claims speak for it and %d against", for_, against)
	case opinion.Status == HypothesisInvalidated && against <= for_:
		overrule(HypothesisInconclusive, "the model would invalidate, but %d claims speak against it and %d for", against, for_)
	}
	return verdict
}

// ParseVerdict reads the status of an opinion.
func ParseVerdict(s string) (HypothesisStatus, bool) {
	switch status := HypothesisStatus(strings.ToUpper(strings.TrimSpace(s))); status {
	case HypothesisValidated, HypothesisInvalidated, HypothesisInconclusive:
		return status, true
	}
	return "", false
}

// Revision is the revision of the evidence in the key of a validate-claim run.
func (r Run) Revision() (int, error) {
	_, revision, _ := strings.Cut(r.Key, ":")
	n, err := strconv.Atoi(revision)
	if err != nil {
		return 0, fmt.Errorf("key of %s: %q has no revision", r.Function, r.Key)
	}
	return n, nil
}

// Bounded cuts a model's text to a length in bytes that a database row should have.
func Bounded(s string, most int) string {
	s = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), ""))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
