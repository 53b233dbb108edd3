package stats

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// Write prints the report for people, on one screen.
func (r Report) Write(w io.Writer) error {
	var b bytes.Buffer
	r.writeTime(&b)
	c := r.Calls
	line(&b, "calls", "%d created, %d ended: %s", c.Created, c.Ended, words(c.ByEnd))
	for _, e := range c.ByError {
		line(&b, "", "%d %s with error %d: %s", e.Calls, e.Status, e.Code, cmp.Or(e.Meaning, "see twilio.com/docs/api/errors/"+fmt.Sprint(e.Code)))
	}
	line(&b, "live now", "%s", words(c.Live))
	r.InboundCalls.write(&b)
	line(&b, "consent", "%d asked: %d yes (%s), %d no, %d undecided; %d of %d answered calls were machines (%s)", c.Consent.Asked, c.Consent.Yes,
		percent(c.Consent.Rate), c.Consent.No, c.Consent.Undecided, c.Machines, c.Answered, percent(c.MachineRate))
	r.writeCallerIDs(&b)
	h := r.Webhooks
	line(&b, "webhooks", "%d events: %d accepted, %d conflicts, %d failed, %d refused; %d duplicate deliveries, conflicts among them", h.Total, h.Accepted, h.Conflicts, h.Failed,
		h.Refused, h.Duplicates)
	for _, kind := range slices.Sorted(maps.Keys(h.ByKind)) {
		line(&b, "", "%s: %s", kind, words(h.ByKind[kind]))
	}
	r.writeRuns(&b)
	line(&b, "recordings", "%s", words(r.Recordings))
	line(&b, "evidence", "%d claims, %d of them rejected; verdicts: %s", r.Claims.Total, r.Claims.Rejected, words(r.Verdicts))
	for _, p := range r.DialingPaused {
		line(&b, "paused", "account %s since %s: error %d, %s", p.Account, p.Since.Format(time.RFC3339), p.Code, p.Meaning)
	}
	r.writeSimulated(&b)
	line(&b, "overdue now", "%s", words(r.Overdue))
	line(&b, "backlog now", "%d runs, the oldest for %s", r.Backlog.Runs, time.Duration(r.Backlog.AgeSeconds*float64(time.Second)).Round(time.Second))
	_, err := w.Write(b.Bytes())
	return err
}

func (r Report) writeTime(b *bytes.Buffer) {
	since, until := "the beginning", "now, "+r.At.Format(time.RFC3339)
	if r.Since != nil {
		since = r.Since.Format(time.RFC3339)
	}
	if r.Until != nil {
		until = r.Until.Format(time.RFC3339)
	}
	of := ""
	if r.CampaignID != nil {
		of = ", campaign " + *r.CampaignID
	}
	line(b, "time", "from %s to %s%s", since, until, of)
}

// writeSimulated says what is left out, and how it is counted.
func (r Report) writeSimulated(b *bytes.Buffer) {
	if len(r.SimulatedLeftOut) == 0 {
		return
	}
	calls := 0
	for _, c := range r.SimulatedLeftOut {
		calls += c.Calls
	}
	what := "simulated calls are left out, with all that belongs to them: nobody was called"
	if calls == 1 {
		what = "simulated call is left out, with all that belongs to it: nobody was called"
	}
	line(b, "simulated", "%d %s; --campaign %s counts them", calls, what, r.SimulatedLeftOut[0].CampaignID)
}

func (r Report) writeRuns(b *bytes.Buffer) {
	first := "runs"
	for _, function := range slices.Sorted(maps.Keys(r.Runs.ByFunction)) {
		line(b, first, "%s: %s%s", function, words(r.Runs.ByFunction[function]), retries(r.Runs.Retries, function))
		first = ""
	}
	if first != "" {
		line(b, first, "none")
	}
	for _, d := range r.Runs.Dead {
		line(b, "dead", "%d %s: %s", d.Runs, d.Function, cmp.Or(d.Error, "no error is kept"))
	}
}

func retries(counts map[interview.Function]int, function interview.Function) string {
	if n := counts[function]; n > 0 {
		return fmt.Sprintf("; %d retries", n)
	}
	return ""
}

// line prints one line under a heading of up to eleven letters.
func line(b *bytes.Buffer, heading, format string, args ...any) {
	fmt.Fprintf(b, "%-12s"+format+"\n", append([]any{heading}, args...)...)
}

// words is "3 BUSY, 1 FAILED", the most frequent first, or "none".
func words[K ~string](counts map[K]int) string {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b K) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	var parts []string
	for _, key := range keys {
		if counts[key] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[key], key))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "none")
}

func percent(rate *float64) string {
	if rate == nil {
		return "no rate"
	}
	return fmt.Sprintf("%.1f %%", *rate*100)
}
