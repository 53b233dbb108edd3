package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/i-agent/iagent/internal/progress"
)

// print writes the closing table.
func (r *result) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(w, "%s\t%v\n", name, value) }
	fmt.Fprintln(w)
	row("webhooks sent", r.Report.Webhooks)
	row("  accepted, each took effect once", r.accepted)
	row("  duplicates, answered as the first", r.Report.Recognised)
	row("  (of all of them, out of order)", r.Report.Reordered)
	row("calls", len(r.Report.Truths))
	for _, status := range slices.Sorted(maps.Keys(r.statuses)) {
		row("  "+strings.ToLower(strings.ReplaceAll(status, "_", "-")), r.statuses[status])
	}
	row("contacts, called by day only", r.contacts.contacts)
	row("  reached", r.contacts.answered)
	row("    reached at the second attempt, busy at the first", r.contacts.second)
	row("    opted out, on the do-not-call list, not called again", r.contacts.optedOut)
	if r.contacts.waiting > 0 {
		until := r.contacts.waitsUntil
		row(fmt.Sprintf("  waiting until %s in %s", until.Format("Monday, 15:04"), until.Location()), r.contacts.waiting)
	}
	row("transcripts, of those who agreed to be recorded", r.transcripts)
	claims, rejected := 0, 0
	for _, h := range r.hypotheses {
		for _, c := range h.Claims {
			if c.Rejected != nil {
				rejected++
			} else {
				claims++
			}
		}
	}
	row("claims found in them, each with a quote", claims)
	row("  (and rejected: nobody said what they quote)", rejected)
	row("verdicts on hypotheses, from the claims", len(r.hypotheses))
	for _, h := range r.hypotheses {
		row("  "+strings.ToLower(h.Status), h.Question)
	}
	row("lost: what should have happened and did not", r.lost)
	row("doubled: what happened twice", r.doubled)
	_ = w.Flush()
	for _, v := range r.violations {
		fmt.Fprintln(out, "BROKEN:", v)
	}
}

func newProgress(options Options) *progress.Bar {
	fmt.Fprintf(options.Out, "Calling %d people, and %d contacts by day only, through a simulated Twilio that %s (seed %d).\n",
		options.Calls, contactCount, options.behaviour, options.Seed)
	return &progress.Bar{Out: options.Out, Terminal: options.Terminal, Total: options.Calls + contactCalls, Unit: "calls", Lines: 4}
}
