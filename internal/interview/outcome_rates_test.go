package interview_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

// The tables say where their numbers come from: published, or worked out by hand.
func TestOutcomeRatesAreThoseOfPublishedAndHandWorkedTables(t *testing.T) {
	file, err := os.ReadFile("testdata/outcome_rates.json")
	if err != nil {
		t.Fatal(err)
	}
	var tables []struct {
		Name, Source string
		// Within is how far a rate may be off, for published ones that are rounded.
		Within float64
		Counts map[interview.Disposition]int
		Rates  map[string]*float64
	}
	if err := json.Unmarshal(file, &tables); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		t.Run(table.Name, func(t *testing.T) {
			encoded, err := json.Marshal(interview.RatesOf(table.Counts))
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]*float64
			if err := json.Unmarshal(encoded, &got); err != nil {
				t.Fatal(err)
			}
			if len(got) != 11 {
				t.Errorf("%d rates", len(got))
			}
			for name, want := range table.Rates {
				rate, there := got[name]
				switch {
				case !there:
					t.Errorf("%s is missing", name)
				case (rate == nil) != (want == nil):
					t.Errorf("%s is %v, want %v", name, rate, want)
				case rate != nil && math.Abs(*rate-*want) > table.Within:
					t.Errorf("%s is %.6f, want %.6f", name, *rate, *want)
				}
			}
		})
	}
}
