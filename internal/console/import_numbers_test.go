package console

import "testing"

func TestNumberOfALineIsReadAsE164OrRefused(t *testing.T) {
	for line, want := range map[string]string{
		"+15551234567":              "+15551234567",
		" +1 (555) 123-4567 ":       "+15551234567",
		"tel:+49.30.1234567":        "+49301234567",
		"00493012345 67":            "+49301234567",
		`"Kim","+1 555 123 4567",7`: "+15551234567",
		"7;+15551234567;x":          "+15551234567",
		"+1\u00a0555\u202f123 4567": "+15551234567",
		"5551234567":                "",
		"1-555-123-4567":            "",
		"+05551234567":              "",
		"+1555":                     "",
		"+1555123456789012":         "",
		"++15551234567":             "",
		"+1555123456x":              "",
		"0":                         "",
		"Kim":                       "",
	} {
		got, problem := numberIn(line)
		if got != want || (got == "") == (problem == "") {
			t.Errorf("%q is read as %q, %q, want %q", line, got, problem, want)
		}
	}
}

func FuzzNumbersAreE164(f *testing.F) {
	f.Add("name,phone\r\nKim,+1 555 123 4567\n00493012345")
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := readNumbers(text)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, l := range lines {
			if (l.number == "") == (l.problem == "") || seen[l.number] && l.number != "" {
				t.Errorf("line %d: %q, %q", l.line, l.number, l.problem)
			}
			seen[l.number] = true
		}
	})
}
