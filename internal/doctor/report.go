package doctor

import (
	"encoding/json"
	"fmt"
	"io"
)

// Report is all that was found.
type Report struct {
	Result Result    `json:"result"`
	Checks []Finding `json:"checks"`
}

// NewReport sums findings up.
func NewReport(findings []Finding) Report { return Report{Result: Worst(findings), Checks: findings} }

// WriteJSON prints the report for scripts.
func (r Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

// Write prints the report for people: a line for each check, and its cure below.
func (r Report) Write(w io.Writer) error {
	counts := map[Result]int{}
	for _, f := range r.Checks {
		counts[f.Result]++
		at := ""
		if f.LookedAt != "" {
			at = " (" + f.LookedAt + ")"
		}
		if _, err := fmt.Fprintf(w, "%-7s  %s%s: %s\n", f.Result, f.Name, at, f.Detail); err != nil {
			return err
		}
		if f.Cure != "" {
			if _, err := fmt.Fprintf(w, "         cure: %s\n", f.Cure); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "%d ok, %d warnings, %d failed, %d skipped\n", counts[OK], counts[Warn], counts[Fail], counts[Skipped])
	return err
}
