package console

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func TestPlanSaysHowManyOfWhatAndWhetherTheyAreAll(t *testing.T) {
	end, function := token{name: "until", value: "2026-11-28T05:00:00Z"}, token{name: "function", value: "orchestrate-call"}
	for _, c := range []struct {
		kind       store.BulkKind
		matched    int
		conditions []token
		want       string
	}{
		{store.BulkRetry, 70, []token{end}, "All 70 dead runs : no condition leaves any out."},
		{store.BulkReplay, 1, []token{end}, "The only failed webhook : no condition leaves any out."},
		{store.BulkRetry, 70, []token{function, end}, "70 dead runs match these conditions."},
		{store.BulkReplay, 1, []token{function, end}, "1 failed webhook matches these conditions."},
	} {
		p := planView{bulkPlan: bulkPlan{Kind: c.kind, Matched: c.matched}, conditions: c.conditions}
		if text := textOf(t, planPage(p)); !strings.Contains(text, c.want) {
			t.Errorf("%s of %d with %v: no %q in %s", c.kind, c.matched, c.conditions, c.want, text)
		}
	}
}

func TestRetryOfDeadRunsSaysWhetherItIsOfAll(t *testing.T) {
	run := store.LedgerRun{ID: "01A", State: interview.RunFailed}
	for want, conditions := range map[string][]token{
		"Retry all dead runs…":                {{name: "state", value: "failed"}},
		"Retry all dead runs of this filter…": {{name: "state", value: "failed"}, {name: "function", value: "orchestrate-call"}},
	} {
		p := runsView{listView: listView{role: Admin, tokens: conditions, base: "/console/runs"}, list: store.List[store.LedgerRun]{Items: []store.LedgerRun{run}}, retry: "/console/bulk/retry-runs"}
		if text := textOf(t, runsPage(p)); !strings.Contains(text, want) {
			t.Errorf("with %v: no %q in %s", conditions, want, text)
		}
	}
}

func TestRetryOfAllThatMatchKeepsTheFilter(t *testing.T) {
	to := (&Console{}).planOf(store.RunFilter{State: interview.RunFailed, Function: "orchestrate-call", Error: "transient", LastError: "timeout", CallID: "01A"})
	for _, want := range []string{"function=orchestrate-call", "error=transient", "lastError=timeout", "callId=01A"} {
		if !strings.Contains(to, want) {
			t.Errorf("%s lacks %s", to, want)
		}
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

// textOf is what somebody reads of a component.
func textOf(t *testing.T, component templ.Component) string {
	t.Helper()
	var page strings.Builder
	if err := component.Render(t.Context(), &page); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page.String(), " "))), " ")
}
