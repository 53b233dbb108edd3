package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/i-agent/iagent/simulator"
)

// print writes the closing table.
func (r *result) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(w, "%s\t%v\n", name, value) }
	fmt.Fprintln(w)
	row("webhooks sent", r.Report.Webhooks)
	row("  accepted, each took effect once", r.accepted)
	row("  duplicates, answered as the first", r.Report.Recognised)
	row("  delivered out of order", r.Report.Reordered)
	row("calls", len(r.Report.Truths))
	for _, status := range slices.Sorted(maps.Keys(r.statuses)) {
		row("  "+strings.ToLower(strings.ReplaceAll(status, "_", "-")), r.statuses[status])
	}
	row("transcripts", r.transcripts)
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
	row("claims", claims)
	row("  rejected, nobody said that", rejected)
	for _, h := range r.hypotheses {
		row("  "+strings.ToLower(h.Status), h.Question)
	}
	row("lost", r.lost)
	row("doubled", r.doubled)
	_ = w.Flush()
	for _, v := range r.violations {
		fmt.Fprintln(out, "BROKEN:", v)
	}
}

// progress shows how far the calls have come: a bar on a terminal, a line whenever a quarter is done elsewhere.
type progress struct {
	options Options
	calls   int
	shown   int
}

func newProgress(options Options, calls int) *progress {
	fmt.Fprintf(options.Out, "Calling %d people through a simulated Twilio that %s (seed %d).\n", calls, options.behaviour, options.Seed)
	return &progress{options: options, calls: calls}
}

func (p *progress) show(now simulator.Progress, runs int) {
	done := min(now.Ended, p.calls)
	if p.options.Terminal {
		const width = 40
		filled := done * width / max(p.calls, 1)
		fmt.Fprintf(p.options.Out, "\r[%s%s] %d/%d calls, %d webhooks, %d functions to go   ",
			strings.Repeat("#", filled), strings.Repeat(".", width-filled), done, p.calls, now.Webhooks, runs)
		return
	}
	if quarter := done * 4 / max(p.calls, 1); quarter > p.shown {
		p.shown = quarter
		fmt.Fprintf(p.options.Out, "%d of %d calls are over, %d webhooks sent\n", done, p.calls, now.Webhooks)
	}
}

func (p *progress) end() {
	if p.options.Terminal {
		fmt.Fprintln(p.options.Out)
	}
}
