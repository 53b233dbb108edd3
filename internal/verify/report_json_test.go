package verify_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/verify"
)

func TestReportHasCamelCaseNamesThroughout(t *testing.T) {
	var report verify.Report
	report.At, report.Replayed, report.Counts.EventIDs, report.Counts.OpenRuns = time.Unix(0, 0).UTC(), 7, 8, 9
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"at":"1970-01-01T00:00:00Z"`, `"replayed":7`, `"eventIds":8`, `"openRuns":9`, `"accepted":0`, `"violations":null`} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	if strings.Contains(string(text), `"EventIDs"`) || strings.Count(string(text), `"counts"`) != 1 {
		t.Errorf("%s", text)
	}
}
