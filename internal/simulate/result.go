package simulate

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/i-agent/iagent/simulator"
)

// Result is the result of a run, in the form in which it is written as JSON.
type Result struct {
	Command string           `json:"command"` // starts the same run again, with the tokens in the environment
	Profile string           `json:"profile"`
	Seed    uint64           `json:"seed"`
	Run     string           `json:"run"`
	Rates   simulator.Faults `json:"rates"`

	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"perSecond"` // webhooks
	P50       float64 `json:"p50Ms"`     // of the time to an answer, without those that were slow on purpose
	P99       float64 `json:"p99Ms"`
	Slowest   float64 `json:"slowestMs"`

	Broken []simulator.Violation `json:"broken"` // empty: the application survived
	Report simulator.Report      `json:"report"`
}

// The rules that are broken by a run as a whole.
const (
	RuleCallsMissing    = "calls-missing"
	RuleNotEnded        = "calls-not-ended"
	RuleNothingAnswered = "nothing-answered"
)

func newResult(o Options, faults simulator.Faults, sim *simulator.Simulator, took time.Duration) *Result {
	r := &Result{Command: o.command(), Profile: o.Profile, Seed: o.Seed, Run: o.Run, Rates: faults,
		Seconds: took.Seconds(), Report: sim.Report()}
	r.Broken = append([]simulator.Violation{}, r.Report.Broken...)
	r.PerSecond = float64(r.Report.Webhooks) / max(r.Seconds, 1e-9)
	var times []time.Duration
	for _, d := range sim.Deliveries() {
		if d.Status > 0 && !slices.Contains(d.Also, simulator.FaultSlowReader) && !slices.Contains(d.Also, simulator.FaultSlowSender) {
			times = append(times, d.Latency)
		}
	}
	if len(times) > 0 {
		slices.Sort(times)
		at := func(q float64) float64 { return float64(times[int(q*float64(len(times)-1))]) / 1e6 }
		r.P50, r.P99, r.Slowest = at(0.5), at(0.99), at(1)
	}
	return r
}

// judgeEnd adds the rules that are broken when the run was cut short or nothing was answered.
func (r *Result) judgeEnd(o Options, open simulator.Progress, cut error) {
	begun, ended := open.Calls, open.Ended
	if o.SMS {
		begun, ended = open.Conversations, open.ConversationsEnded
	}
	if begun < o.Calls {
		r.violate(RuleCallsMissing, "fewer "+o.unit()+" were begun than were to be", o.Calls-begun, cut)
	}
	if ended < begun {
		r.violate(RuleNotEnded, o.unit()+" were still going on when the run was cut short", begun-ended, cut)
	}
	if r.Report.Accepted == 0 {
		r.violate(RuleNothingAnswered, "no webhook was answered with 2xx: is the application there, and does it have the same token?", 1, nil)
	}
}

func (r *Result) violate(rule, meaning string, n int, why error) {
	v := simulator.Violation{Rule: rule, Meaning: meaning, Count: n, Examples: []string{}}
	if why != nil {
		v.Examples = append(v.Examples, why.Error())
	}
	r.Broken = append(r.Broken, v)
}

// WriteJSON writes the whole result.
func (r *Result) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// Print writes the closing table.
func (r *Result) Print(out io.Writer) {
	rep := r.Report
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(w, "%s\t%v\n", name, value) }
	fmt.Fprintln(w)
	row("calls", len(rep.Truths))
	for _, status := range slices.Sorted(maps.Keys(rep.Calls)) {
		row("  "+status, rep.Calls[status])
	}
	if len(rep.Messages) > 0 {
		row("messages", len(rep.Messages))
		statuses := map[string]int{}
		for _, m := range rep.Messages {
			statuses[m.Status]++
		}
		for _, status := range slices.Sorted(maps.Keys(statuses)) {
			row("  "+status, statuses[status])
		}
	}
	row("webhooks", fmt.Sprintf("%d (%.0f a second)", rep.Webhooks, r.PerSecond))
	row("  accepted", rep.Accepted)
	row("  refused or unanswered", rep.Refused)
	row("  duplicates", fmt.Sprintf("%d, %d called so", rep.Duplicates, rep.Recognised))
	row("  retries, as the URLs ask for", rep.Retries)
	row("events that never arrived, on purpose", rep.Dropped)
	row("forged requests", rep.Forged)
	row("  believed", rep.ForgedAccepted)
	row("answer time", fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, slowest %.1f ms", r.P50, r.P99, r.Slowest))
	if len(rep.Faults) > 0 {
		row("faults", "")
	}
	for _, fault := range slices.Sorted(maps.Keys(rep.Faults)) {
		row("  "+string(fault), rep.Faults[fault])
	}
	_ = w.Flush()
	for _, v := range r.Broken {
		fmt.Fprintf(out, "BROKEN %s: %s (%d)\n", v.Rule, v.Meaning, v.Count)
		for _, example := range v.Examples {
			fmt.Fprintf(out, "    %s\n", example)
		}
	}
	if len(r.Broken) == 0 {
		fmt.Fprintln(out, "Nothing broke.")
		return
	}
	fmt.Fprintf(out, "Again: %s\n", r.Command)
}
