package demo

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/simulator"
)

// result is what a demo came to.
type result struct {
	report      simulator.Report
	accepted    int            // events that took effect
	statuses    map[string]int // calls by our status
	transcripts int
	hypotheses  []hypothesis
	lost        int
	doubled     int
	Violations  []string
}

func (r *result) violate(counter *int, format string, args ...any) {
	*counter++
	r.Violations = append(r.Violations, fmt.Sprintf(format, args...))
}

// judge holds what i-agent says of each call against what the simulator knows to be true.
func (s *stage) judge(ctx context.Context) (*result, error) {
	r := &result{report: s.simulator.Report(), statuses: map[string]int{}}
	var err error
	if r.accepted, err = s.api.accepted(ctx); err != nil {
		return nil, err
	}
	r.judgeDeliveries(s.simulator.Deliveries())
	truths := map[string][]simulator.Truth{}
	for _, t := range r.report.Truths {
		truths[t.To] = append(truths[t.To], t)
	}
	for _, placed := range s.calls {
		got, err := s.api.call(ctx, placed.ID)
		if err != nil {
			return nil, err
		}
		r.statuses[got.Status]++
		if got.Transcript != nil && *got.Transcript != "" {
			r.transcripts++
		}
		switch dialled := truths[got.PhoneNumber]; len(dialled) {
		case 1:
			for _, fault := range got.Against(dialled[0]) {
				if fault.Doubled {
					r.violate(&r.doubled, "%s", fault.Text)
				} else {
					r.violate(&r.lost, "%s", fault.Text)
				}
			}
		case 0:
			r.violate(&r.lost, "call %s was never placed", got.ID)
		default:
			r.violate(&r.doubled, "call %s was placed %d times", got.ID, len(dialled))
		}
	}
	return r, s.judgeHypotheses(ctx, r)
}

// judgeHypotheses holds the verdicts against what the people of the study come to. They need all of them.
func (s *stage) judgeHypotheses(ctx context.Context, r *result) error {
	for i, h := range s.campaign.Hypotheses {
		got, err := s.api.hypothesis(ctx, h.ID)
		if err != nil {
			return err
		}
		r.hypotheses = append(r.hypotheses, got)
		if want := s.study.Hypotheses[i].Verdict; len(s.calls) >= len(s.study.People) && got.Status != want {
			r.violate(&r.lost, "hypothesis %q is %s, the people said %s", got.Question, got.Status, want)
		}
	}
	return nil
}

func (r *result) judgeDeliveries(all []simulator.Delivery) {
	type event struct {
		call    string
		ordinal int
	}
	sent, unanswered := map[event]bool{}, 0
	for _, d := range all {
		e := event{d.CallSid, d.Ordinal}
		sent[e] = sent[e] || d.Status/100 == 2
	}
	for _, answered := range sent {
		if !answered {
			unanswered++ // by no attempt
		}
	}
	switch {
	case r.accepted < len(sent):
		r.violate(&r.lost, "%d events were sent, %d took effect", len(sent), r.accepted)
	case r.accepted > len(sent):
		r.violate(&r.doubled, "%d events were sent, %d took effect", len(sent), r.accepted)
	}
	for what, n := range map[string]int{
		"webhooks were not answered with 2xx":              unanswered,
		"new webhooks were taken for duplicates":           r.report.FalseDuplicates,
		"duplicates got another answer than their first":   r.report.Mismatches,
		"entries stand in the simulated Twilio's debugger": len(r.report.Debugger),
	} {
		if n > 0 {
			r.violate(&r.lost, "%d %s", n, what)
		}
	}
	for _, e := range r.report.Debugger[:min(len(r.report.Debugger), 3)] {
		r.Violations = append(r.Violations, fmt.Sprintf("debugger: %s %d %s", e.CallSid, e.Code, e.Message))
	}
	if n := r.report.Unrecognised; n > 0 {
		r.violate(&r.doubled, "%d duplicates were taken for new", n)
	}
}
