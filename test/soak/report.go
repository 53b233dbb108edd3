package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/i-agent/iagent/internal/testserver/inngest"
	"github.com/i-agent/iagent/internal/verify"
	"github.com/i-agent/iagent/simulator"
)

// Report is what a scenario came to.
type Report struct {
	Scenario  Scenario
	Took      time.Duration
	Simulator simulator.Report
	// Before is what verify found when everything had settled, After what it found once the reconciler was run by hand.
	Before, After  verify.Report
	Overdue        int // what the watchdog would call late at rest, a day later
	Kills, Outages int
	Events         int // webhooks, however often they were sent
	Unanswered     int // of those, never answered 2xx: dropped, or nobody was there for 15 s
	GivenUp        int // calls that Twilio ended because their TwiML could not be had
	Unknown        int // dials of which nobody knows, and that created nothing
	Refusals       int // times that Twilio refused the credentials for a while
	Waited         int // calls that had not been placed when it began to
	Retried        int // runs that had used up their attempts, and were run again by hand
	Transcripts    int
	// Inngest counts the runs that Inngest started, by where they stand at rest; nil on River. Calls are its requests for them.
	Inngest  map[inngest.State]int
	Calls    int
	Statuses map[string]int
	// Violations are what was lost or doubled, by rule.
	Violations map[string][]string
	Kept       string // where database and logs are, if they were kept

	mu sync.Mutex
}

// mostShown of one rule are kept.
const mostShown = 5

func newReport(s Scenario) *Report {
	return &Report{Scenario: s, Statuses: map[string]int{}, Violations: map[string][]string{}}
}

func (r *Report) count(n *int) { r.add(n, 1) }

func (r *Report) add(n *int, more int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*n += more
}

func (r *Report) violate(rule, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Violations[rule] = append(r.Violations[rule], fmt.Sprintf(format, args...))
}

// Print writes the report for people.
func (r *Report) Print(out io.Writer) {
	s, sim, counts := r.Scenario, r.Simulator, r.After.Counts
	fmt.Fprintf(out, "\n%s: %s\n", s.Name, s.Description)
	if s.Description != "" { // one that can be named
		fmt.Fprintf(out, "  %s\n", s.Command())
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(w, "  %s\t%v\n", name, value) }
	row("engine", s.engine())
	row("took", r.Took.Round(time.Second))
	row("SIGKILLs, database outages", fmt.Sprintf("%d, %d", r.Kills, r.Outages))
	if r.Refusals > 0 {
		row("credentials refused, calls not yet placed", fmt.Sprintf("%d, %d", r.Refusals, r.Waited))
	}
	row("calls", len(sim.Truths))
	for _, status := range slices.Sorted(maps.Keys(r.Statuses)) {
		row("  "+strings.ToLower(strings.ReplaceAll(status, "_", "-")), r.Statuses[status])
	}
	row("requests sent", fmt.Sprintf("%d for %d webhooks", sim.Webhooks, r.Events))
	row("  repeated, called duplicates", fmt.Sprintf("%d, %d", sim.Duplicates+sim.Retries, sim.Recognised))
	row("  out of order", sim.Reordered)
	row("  forged, believed", fmt.Sprintf("%d, %d", sim.Forged, sim.ForgedAccepted))
	row("webhooks never answered", fmt.Sprintf("%d, of which %d dropped on purpose", r.Unanswered, sim.Dropped))
	row("calls ended by Twilio for want of TwiML", r.GivenUp)
	row("events accepted, fetched by the reconciler", fmt.Sprintf("%d, %d", counts.Accepted, counts.Reconciled))
	row("recordings, transcripts", fmt.Sprintf("%d, %d", counts.Recordings, r.Transcripts))
	row("runs, out of attempts and retried by hand", fmt.Sprintf("%d, %d", counts.Runs, r.Retried))
	if r.Inngest != nil {
		row("runs of Inngest, calls for them", fmt.Sprintf("%d completed, %d failed, %d open; %d calls", r.Inngest[inngest.Completed],
			r.Inngest[inngest.Failed], r.Inngest[inngest.Queued]+r.Inngest[inngest.Running], r.Calls))
	}
	if r.Unknown > 0 {
		row("dials of unknown outcome, none placed", r.Unknown)
	}
	row("found by the watchdog at rest", r.Overdue)
	row("found by verify at rest", breaches(r.Before))
	if r.After.At != r.Before.At {
		row("  after iagent reconcile", breaches(r.After))
	}
	broken := 0
	for _, all := range r.Violations {
		broken += len(all)
	}
	row("lost or doubled", broken)
	_ = w.Flush()
	for _, rule := range slices.Sorted(maps.Keys(r.Violations)) {
		all := r.Violations[rule]
		fmt.Fprintf(out, "  BROKEN %s (%d)\n", rule, len(all))
		for _, text := range all[:min(len(all), mostShown)] {
			fmt.Fprintf(out, "    %s\n", text)
		}
	}
	if r.Kept != "" {
		fmt.Fprintf(out, "  kept in %s\n", r.Kept)
	}
}

func breaches(r verify.Report) string {
	if r.OK() {
		return "nothing"
	}
	var words []string
	for _, kind := range slices.Sorted(maps.Keys(r.Breaches)) {
		words = append(words, fmt.Sprintf("%s %d", kind, r.Breaches[kind]))
	}
	return strings.Join(words, ", ")
}
