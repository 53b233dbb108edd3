package demo

import (
	"context"
	"fmt"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/simulator"
)

// result is what a demo came to.
type result struct {
	*e2e.Verdict
	accepted    int            // events that took effect
	statuses    map[string]int // calls by our status
	transcripts int
	hypotheses  []hypothesis
	contacts    reached
	lost        int
	doubled     int
	late        int // answers that came too late for Twilio
	violations  []string
}

func (r *result) violate(doubled bool, text string) {
	if doubled {
		r.doubled++
	} else {
		r.lost++
	}
	r.violations = append(r.violations, text)
}

// judge holds what i-agent says of each call against what the simulator knows to be true, and the verdicts on the hypotheses
// against what the people of the study come to, which takes all of them.
func (r *run) judge(ctx context.Context) (*result, error) {
	ids, err := r.contactCallIDs(ctx)
	if err != nil {
		return nil, err
	}
	for _, call := range r.calls {
		ids = append(ids, call.ID)
	}
	// The entries of the Debugger are judged below, the warnings too.
	verdict, err := e2e.Judge{API: r.api, Twilio: r.simulator, Events: true, Claims: r.study.Claims,
		Excused: []string{simulator.RuleDebuggerErrors}}.Judge(ctx, ids)
	if err != nil {
		return nil, err
	}
	to := &result{Verdict: verdict, statuses: map[string]int{}}
	for _, fault := range verdict.Faults {
		to.violate(fault.Doubled, fault.Text)
	}
	for _, broken := range verdict.Report.Broken {
		if broken.Rule == simulator.RuleTooSlow {
			to.late = broken.Count
		}
	}
	for _, call := range verdict.Calls {
		to.accepted += call.Outcomes()["accepted"]
		to.statuses[call.Status]++
		if call.Transcript != nil && *call.Transcript != "" {
			to.transcripts++
		}
	}
	if n := len(verdict.Report.Debugger); n > 0 {
		to.violate(false, fmt.Sprintf("%d entries stand in the simulated Twilio's debugger", n))
		for _, e := range verdict.Report.Debugger[:min(n, 3)] {
			to.violations = append(to.violations, fmt.Sprintf("debugger: %s %d %s", e.CallSid, e.Code, e.Message))
		}
	}
	if err := r.judgeContacts(ctx, to); err != nil {
		return nil, err
	}
	if to.hypotheses, err = r.hypotheses(ctx); err != nil {
		return nil, err
	}
	for i, h := range to.hypotheses {
		if want := r.study.Hypotheses[i].Verdict; len(r.calls) >= len(r.study.People) && h.Status != want {
			to.violate(false, fmt.Sprintf("hypothesis %q is %s, the people said %s", h.Question, h.Status, want))
		}
	}
	return to, nil
}
