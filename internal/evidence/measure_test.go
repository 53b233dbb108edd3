package evidence

import (
	"math"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

func TestMeasuresAreReadAsMeant(t *testing.T) {
	type want struct {
		number, high float64
		unit         interview.Unit
	}
	for text, wants := range map[string][]want{
		"$1,200":                            {{1200, 0, interview.UnitUSD}},
		"1,200 units":                       {{1200, 0, interview.UnitUnits}},
		"5 cases per week":                  {{5, 0, interview.UnitUnitsPerWeek}},
		"100 units/day":                     {{100, 0, interview.UnitUnitsPerDay}},
		"fifteen percent":                   {{15, 0, interview.UnitPercent}},
		"15 per cent, maybe":                {{15, 0, interview.UnitPercent}},
		"15%":                               {{15, 0, interview.UnitPercent}},
		"€3.50":                             {{3.5, 0, interview.UnitEUR}},
		"€3,50":                             {{3.5, 0, interview.UnitEUR}},
		"£2":                                {{2, 0, interview.UnitGBP}},
		"¥500":                              {{500, 0, interview.UnitJPY}},
		"1.200,50 €":                        {{1200.5, 0, interview.UnitEUR}},
		"USD 40":                            {{40, 0, interview.UnitUSD}},
		"$1.2k":                             {{1200, 0, interview.UnitUSD}},
		"$3m":                               {{3e6, 0, interview.UnitUSD}},
		"3 m":                               {{3, 0, ""}},
		"two and a half million dollars":    {{2.5e6, 0, interview.UnitUSD}},
		"1.5 million units a month":         {{1.5e6, 0, interview.UnitUnitsPerMonth}},
		"twelve dollars fifty a case":       {{12.5, 0, interview.UnitUSD}},
		"twelve dollars and fifty cents":    {{12.5, 0, interview.UnitUSD}},
		"fifty cents each":                  {{0.5, 0, interview.UnitUSD}},
		"80p":                               {{0.8, 0, interview.UnitGBP}},
		"twelve fifty dollars":              {{12.5, 0, interview.UnitUSD}},
		"twelve fifty a case":               {{1250, 0, ""}},
		"one hundred and twenty five boxes": {{125, 0, interview.UnitBoxes}},
		"two thousand and ten pallets":      {{2010, 0, interview.UnitPallets}},
		"a dozen cases":                     {{12, 0, interview.UnitCases}},
		"two dozen a week":                  {{24, 0, interview.UnitUnitsPerWeek}},
		"half a dozen boxes":                {{6, 0, interview.UnitBoxes}},
		"a couple of cases":                 {{2, 0, interview.UnitCases}},
		"a hundred units daily":             {{100, 0, interview.UnitUnitsPerDay}},
		"two point five percent":            {{2.5, 0, interview.UnitPercent}},
		"forty full cases of coffee a week": {{40, 0, interview.UnitUnitsPerWeek}},
		"forty a month":                     {{40, 0, interview.UnitUnitsPerMonth}},
		"100 units per year":                {{100, 0, interview.UnitNone}},
		"twice last month":                  {{2, 0, interview.UnitNone}},
		"ten to fifteen boxes":              {{10, 15, interview.UnitBoxes}},
		"between ten and fifteen dollars":   {{10, 15, interview.UnitUSD}},
		"$10-15":                            {{10, 15, interview.UnitUSD}},
		"five or six cases":                 {{5, 6, interview.UnitCases}},
		"10 cases and 5 boxes":              {{10, 0, interview.UnitCases}, {5, 0, interview.UnitBoxes}},
		"ten cases, fifty boxes":            {{10, 0, interview.UnitCases}, {50, 0, interview.UnitBoxes}},
		"twelve dollars fifty cases":        {{12, 0, interview.UnitUSD}, {50, 0, interview.UnitCases}},
		"minus five percent":                {{-5, 0, interview.UnitPercent}},
		"-5%":                               {{-5, 0, interview.UnitPercent}},
		"0 units":                           {{0, 0, interview.UnitUnits}},
		"zero cases":                        {{0, 0, interview.UnitCases}},
		"three weeks":                       {{3, 0, interview.UnitWeeks}},
		"on the 3rd":                        nil,
		"nothing at all":                    nil,
		"a case":                            nil,
		"":                                  nil,
		"five, five, five":                  {{5, 0, ""}, {5, 0, ""}, {5, 0, ""}},
		"I have 1,234,567 units":            {{1234567, 0, interview.UnitUnits}},
	} {
		got := Measures(text)
		if len(got) != len(wants) {
			t.Errorf("%q: %+v, want %v", text, got, wants)
			continue
		}
		for i, w := range wants {
			if !equal(got[i].Number, w.number) || !equal(got[i].High, w.high) || got[i].Unit != w.unit || got[i].Range != (w.high != 0) {
				t.Errorf("%q: %+v, want %v", text, got[i], w)
			}
		}
	}
}

func TestUnitInPeoplesWordsIsUnderstood(t *testing.T) {
	for text, want := range map[string]interview.Unit{
		"USD": interview.UnitUSD, "$": interview.UnitUSD, "usd": interview.UnitUSD, "US dollars": interview.UnitUSD, "%": interview.UnitPercent, "UNITS_PER_WEEK": interview.UnitUnitsPerWeek,
		"units/day": interview.UnitUnitsPerDay, "cases per week": interview.UnitUnitsPerWeek, "": interview.UnitNone, "NONE": interview.UnitNone, "Pallets": interview.UnitPallets,
	} {
		if got, ok := ParseUnit(text); !ok || got != want {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
	for _, unit := range interview.Units() {
		if got, ok := ParseUnit(string(unit)); !ok || got != unit {
			t.Errorf("%q: %q, %v", unit, got, ok)
		}
	}
	for _, text := range []string{"furlongs", "5", "case of beer 12", "kg"} {
		if got, ok := ParseUnit(text); ok {
			t.Errorf("%q is %q", text, got)
		}
	}
}

func FuzzMeasures(f *testing.F) {
	for _, s := range []string{"$1,200", "twelve dollars fifty", "between ten and fifteen", "1.2.3,4", "a couple of -5%", "½ 3rd", "$", "oh oh five"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range Measures(text) {
			if m.Start < 0 || m.End > len(text) || m.Start >= m.End || m.Words != text[m.Start:m.End] {
				t.Fatalf("%q: %+v", text, m)
			}
			if math.IsNaN(m.Number) || math.IsInf(m.Number, 0) || m.Range && m.High < m.Number {
				t.Fatalf("%q: %+v", text, m)
			}
			if m.Unit != "" {
				if u, ok := ParseUnit(string(m.Unit)); !ok || u != m.Unit {
					t.Fatalf("%q: unit %q", text, m.Unit)
				}
			}
		}
	})
}

func TestPhoneNumbersAreRedactedAndAmountsKept(t *testing.T) {
	for text, want := range map[string]string{
		"call +1 555 123 4567 now":                        "call […] now",
		"call +15551234567.":                              "call […].",
		"(555) 123-4567":                                  "[…]",
		"555-123-4567":                                    "[…]",
		"555.123.4567 is mine":                            "[…] is mine",
		"my number is 5551234567":                         "my number is […]",
		"it's five five five one two three four":          "it's […]",
		"five, five, five, one two, three. four is it":    "[…] is it",
		"oh double seven one two three four five, thanks": "[…], thanks",
		"we sell 1,200,000 units":                         "we sell 1,200,000 units",
		"we sell 12000000 units":                          "we sell 12000000 units",
		"$12345678 a year":                                "$12345678 a year",
		"12.50 13.50 14.50":                               "12.50 13.50 14.50",
		"one or two or three":                             "one or two or three",
		"between 10 and 15 in 2025":                       "between 10 and 15 in 2025",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("call +1 (555) 123-4567 or five five five one two three four")
	f.Fuzz(func(t *testing.T, text string) {
		got := Redact(text)
		if strings.Contains(got, "+15551234567") {
			t.Fatalf("%q: %q", text, got)
		}
		if again := Redact(got); len(again) > len(got)+len(redacted) {
			t.Fatalf("%q grows to %q", got, again)
		}
	})
}
