package verify

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/i-agent/iagent/internal/store"
)

// Report is what was found. Nothing in it is personal data.
type Report struct {
	// At is when the database was in the state that was checked.
	At     time.Time            `json:"at"`
	Counts store.SnapshotCounts `json:"counts"`
	// Replayed is how many calls were compared with what their events say; Partial how many with their events' ids alone,
	// because payloads were pruned or erased.
	Replayed int `json:"replayed"`
	Partial  int `json:"partial"`
	// Breaches counts the violations of each kind, all of them.
	Breaches map[string]int `json:"breaches"`
	// Violations are the first of each kind.
	Violations []Violation `json:"violations"`
}

// Violation is one breach of the promise.
type Violation struct {
	Kind string `json:"kind"`
	// Subject is the id of a call, an event, a run or a recording; Detail another id or a word.
	Subject string `json:"subject"`
	Detail  string `json:"detail,omitempty"`
	Text    string `json:"text"`
}

// OK reports whether the promise holds.
func (r Report) OK() bool { return len(r.Breaches) == 0 }

func (r *Report) add(kind, subject, detail, text string) {
	r.Breaches[kind]++
	if r.Breaches[kind] <= maxListed {
		r.Violations = append(r.Violations, Violation{kind, subject, detail, text})
	}
}

// Write prints the report for people.
func (r Report) Write(w io.Writer) error {
	c := r.Counts
	_, err := fmt.Fprintf(w, `checked at %s
events      %d accepted (%d fetched by the reconciler, %d without payload), %d duplicates answered, %d conflicts, %d failed, %d refused, %d forced
event ids   %d, of which %d legacy
calls       %d, %d open; %d replayed, %d checked by event ids alone
recordings  %d, %d transcribed; %d utterances, %d claims, %d verdicts
runs        %d, %d open, %d dead
`, r.At.Format(time.RFC3339), c.Accepted, c.Reconciled, c.Pruned, c.Duplicates, c.Conflicts, c.Failed, c.Refused, c.Forced, c.EventIDs,
		c.LegacyIDs, c.Calls, c.OpenCalls, r.Replayed, r.Partial, c.Recordings, c.Transcribed, c.Utterances, c.Claims, c.Verdicts,
		c.Runs, c.OpenRuns, c.DeadRuns)
	if err != nil || r.OK() {
		if err == nil {
			_, err = fmt.Fprintln(w, "violations  none")
		}
		return err
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Breaches)) {
		if _, err := fmt.Fprintf(w, "violations  %s: %d\n", kind, r.Breaches[kind]); err != nil {
			return err
		}
	}
	for _, v := range r.Violations {
		if _, err := fmt.Fprintf(w, "%s  %s  %s  %s\n", v.Kind, v.Subject, v.Detail, v.Text); err != nil {
			return err
		}
	}
	return nil
}
