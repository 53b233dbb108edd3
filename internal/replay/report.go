package replay

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store"
)

// Report is what iagent replay prints.
type Report struct {
	// DryRun says that the rows are what would happen.
	DryRun bool  `json:"dryRun"`
	Rows   []Row `json:"rows"`
	// Counts counts the rows by verdict.
	Counts map[Verdict]int `json:"counts"`
	// More says that there are further events beyond the limit.
	More bool `json:"more"`
	// Error is why the run ended early, if it did.
	Error string `json:"error,omitempty"`
}

// Add adds a row.
func (r *Report) Add(row Row) {
	if r.Counts == nil {
		r.Counts = map[Verdict]int{}
	}
	r.Rows = append(r.Rows, row)
	r.Counts[row.Verdict]++
}

// Done is how many events were reached.
func (r *Report) Done() int { return len(r.Rows) - r.Counts[Stopped] }

// verdicts in the order of a summary, and their words: for what would happen, and for what happened.
var verdicts = []struct {
	Verdict
	would, did string
}{
	{Verdict(inbox.Accepted), "would be processed", "processed"},
	{Verdict(store.Forced), "would be decided again", "decided again"},
	{Verdict(inbox.Duplicate), "is a duplicate", "is a duplicate"},
	{Verdict(inbox.Conflict), "is a duplicate with another payload", "is a duplicate with another payload"},
	{Pruned, "cannot: pruned", "cannot: pruned"},
	{Verdict(inbox.Refused), "refused", "refused"},
	{Verdict(inbox.Failed), "would fail again", "failed again"},
	{Stopped, "not reached", "not reached"},
}

func (r *Report) words(v Verdict) string {
	for _, known := range verdicts {
		if known.Verdict == v {
			if r.DryRun {
				return known.would
			}
			return known.did
		}
	}
	return string(v)
}

// Line is a row for people.
func (r *Report) Line(row Row) string {
	line := fmt.Sprintf("%s  %s  %-9s  %s  %s  %s", row.ID, row.ReceivedAt.Format(time.RFC3339), row.Kind, row.CallID, row.EventID, r.words(row.Verdict))
	if row.Detail != "" {
		line += ": " + row.Detail
	}
	return line
}

// Summary is the last line for people.
func (r *Report) Summary() string {
	if len(r.Rows) == 0 {
		return "nothing to replay"
	}
	var parts []string
	for _, known := range verdicts {
		if n := r.Counts[known.Verdict]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, r.words(known.Verdict)))
		}
	}
	text := fmt.Sprintf("%d events: %s", len(r.Rows), strings.Join(parts, ", "))
	if r.More {
		text += "; there are more, see --limit"
	}
	if r.DryRun {
		text += "; nothing was done, --yes does it"
	}
	return text
}

// Write prints the report as JSON.
func (r *Report) Write(w io.Writer) error {
	if r.Rows == nil {
		r.Rows, r.Counts = []Row{}, map[Verdict]int{}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
