package console

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// What a page leaves out it says: of a hypothesis with more claims than it reads, that its figures are of the newest, and for each list
// that is cut where the rest is.
func TestPageOfAHypothesisSaysWhatItLeavesOut(t *testing.T) {
	const older = "Counted, drawn and listed are the newest 10,000 claims; a verdict is on all."
	page := func(claims, verdicts int) string {
		t.Helper()
		p := hypothesisView{role: Admin, path: func(at string) string { return "/console" + at }, supporting: claimGroup{title: "For", none: "No claim speaks for it."},
			detail: store.HypothesisOverview{Claims: make([]interview.EvidenceClaim, claims), Verdicts: make([]interview.Verdict, verdicts)}}
		for _, c := range p.detail.Claims {
			p.supporting.add(c)
		}
		var text strings.Builder
		if err := hypothesisPage(p).Render(t.Context(), &text); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	for _, tc := range []struct {
		claims, verdicts                  int
		saysOlder, saysShown, saysHistory bool
	}{
		{store.MaxCountedClaims, 1, true, true, false},
		{store.MaxCountedClaims - 1, store.MaxVerdicts, false, true, true},
		{claimsShown, store.MaxVerdicts - 1, false, false, false},
		{0, 0, false, false, false},
	} {
		got := page(tc.claims, tc.verdicts)
		for text, want := range map[string]bool{older: tc.saysOlder, "the newest 100 of ": tc.saysShown, "the newest 100; ": tc.saysHistory} {
			if strings.Contains(got, text) != want {
				t.Errorf("of %d claims and %d verdicts the page says %q: %v, want %v", tc.claims, tc.verdicts, text, !want, want)
			}
		}
	}
}
